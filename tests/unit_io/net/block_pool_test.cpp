#include <secondwind/net/block_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

using secondwind::net::block_pool;
using secondwind::net::buffer;

namespace {

void fill(buffer& into, std::string_view bytes) {
    while (!bytes.empty()) {
        auto const [data, size] = into.room();
        ASSERT_GT(size, 0u);
        auto const n = std::min(size, bytes.size());
        std::copy_n(bytes.data(), n, data);
        into.commit(n);
        bytes.remove_prefix(n);
    }
}

} // namespace

TEST(block_pool, lends_the_block_that_was_returned_last) {
    block_pool pool;
    auto block = pool.lend();
    auto const* const address = block.get();
    pool.give_back(std::move(block));
    EXPECT_EQ(pool.lend().get(), address);
}

TEST(lent_buffer, takes_a_block_only_when_bytes_arrive_and_returns_it) {
    block_pool pool;
    char const* address = nullptr;
    {
        buffer lent{pool};
        EXPECT_EQ(lent.size(), 0u);
        EXPECT_TRUE(lent.view().empty());
        address = lent.room().first;
        lent.commit(10);
        EXPECT_EQ(lent.size(), 10u);
    }
    EXPECT_EQ(pool.lend().get(), address);
}

TEST(lent_buffer, grows_past_a_block_and_keeps_its_bytes) {
    block_pool pool;
    buffer lent{pool};
    std::string bytes;
    for (int n = 0; bytes.size() < 5 * block_pool::block_size; ++n)
        bytes += std::to_string(n) + ",";
    fill(lent, bytes);
    EXPECT_EQ(lent.view(), bytes);
    lent.release();
    EXPECT_EQ(lent.size(), 0u);
    // It can be used again, and starts with a block.
    fill(lent, "again");
    EXPECT_EQ(lent.view(), "again");
}

TEST(lent_buffer, keeps_a_few_bytes_without_a_block_while_it_is_settled) {
    block_pool pool;
    buffer held{pool};
    held.settle();
    auto const block = held.room().first;
    std::memcpy(block, "few", 3);
    held.commit(3);
    held.settle();
    EXPECT_EQ(held.view(), "few");
    auto other = pool.lend();
    EXPECT_EQ(other.get(), block);
    pool.give_back(std::move(other));

    auto const [room, size] = held.room();
    EXPECT_EQ(room, block + 3);
    EXPECT_EQ(size, block_pool::block_size - 3);
    std::memcpy(room, " more", 5);
    held.commit(5);
    EXPECT_EQ(held.view(), "few more");

    held.consume(8);
    held.settle();
    EXPECT_EQ(held.size(), 0u);
    EXPECT_EQ(held.room().first, block);
}

TEST(lent_buffer, keeps_many_bytes_in_place_when_it_is_settled) {
    block_pool pool;
    buffer held{pool};
    auto const [block, size] = held.room();
    std::memset(block, 'x', size);
    held.commit(size);
    held.settle();
    EXPECT_EQ(held.view().data(), block);
    held.room();
    held.settle();
    EXPECT_EQ(held.view(), std::string(size, 'x'));
}

TEST(lent_buffer, drops_bytes_from_its_front) {
    block_pool pool;
    buffer lent{pool};
    fill(lent, "head and body");
    lent.consume(0);
    lent.consume(9);
    EXPECT_EQ(lent.view(), "body");
    fill(lent, "!");
    EXPECT_EQ(lent.view(), "body!");
    lent.consume(5);
    EXPECT_EQ(lent.view(), "");
}
