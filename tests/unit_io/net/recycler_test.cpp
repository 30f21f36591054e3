#include <secondwind/net/recycler.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

using secondwind::net::recycled;
using secondwind::net::recycler;

namespace {

#if defined(SECONDWIND_SANITIZED)
constexpr bool recycles = false;
#else
constexpr bool recycles = true;
#endif

} // namespace

TEST(recycler, reuses_a_returned_block_for_the_same_size) {
    if (!recycles)
        GTEST_SKIP() << "a sanitizer finds more if memory is not reused";
    void* const first = recycler::take(1000);
    recycler::give_back(first, 1000);
    void* const other = recycler::take(100);
    EXPECT_NE(other, first);
    // Sizes are rounded up.
    void* const second = recycler::take(1010);
    EXPECT_EQ(second, first);
    recycler::give_back(second, 1010);
    recycler::give_back(other, 100);
}

TEST(recycler, lends_each_block_to_one_user_at_a_time) {
    for (std::size_t const size : {1U, 64U, 1000U, 4096U, 4097U, 100'000U}) {
        std::set<void*> lent;
        for (int i = 0; i < 200; ++i)
            lent.insert(recycler::take(size));
        EXPECT_EQ(lent.size(), 200U) << size;
        for (void* const each : lent)
            recycler::give_back(each, size);
    }
}

TEST(recycler, serves_objects_that_are_made_and_destroyed) {
    struct request : recycled {
        explicit request(int n) : number{n} {}
        int number;
        char rest[500]{};
    };
    std::vector<std::unique_ptr<request>> all;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 100; ++i)
            all.push_back(std::make_unique<request>(i));
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(all[static_cast<std::size_t>(i)]->number, i);
        all.clear();
    }
}
