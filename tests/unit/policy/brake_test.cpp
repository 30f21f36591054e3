#include <secondwind/policy/brake.hpp>

#include <gtest/gtest.h>

namespace secondwind::policy {
namespace brake_test {

using namespace std::chrono_literals;
using enum verdict;

brake::time_point const first_moment{1h};

TEST(brake, holds_nothing_at_first) {
    brake const b;
    EXPECT_TRUE(b.empty());
    EXPECT_FALSE(b.holds("a", model_crash, first_moment, 5min));
}

TEST(brake, holds_what_was_done_for_the_same_model_and_verdict) {
    brake b;
    b.done("a", model_crash, first_moment);
    EXPECT_FALSE(b.empty());
    EXPECT_TRUE(b.holds("a", model_crash, first_moment, 5min));
    EXPECT_FALSE(b.holds("b", model_crash, first_moment, 5min));
    EXPECT_FALSE(b.holds("a", insufficient_memory, first_moment, 5min));
}

TEST(brake, holds_for_the_cooldown) {
    brake b;
    b.done("a", model_crash, first_moment);
    EXPECT_TRUE(b.holds("a", model_crash, first_moment + 5min - 1ns, 5min));
    EXPECT_FALSE(b.holds("a", model_crash, first_moment + 5min, 5min));
    EXPECT_FALSE(b.holds("a", model_crash, first_moment, 0ms));
}

TEST(brake, counts_from_the_last_time) {
    brake b;
    b.done("a", model_crash, first_moment);
    b.done("a", model_crash, first_moment + 4min);
    EXPECT_TRUE(b.holds("a", model_crash, first_moment + 8min, 5min));
}

TEST(brake, lets_go_of_a_model_that_has_answered_well) {
    brake b;
    b.done("a", model_crash, first_moment);
    b.done("a", insufficient_memory, first_moment);
    b.done("b", model_crash, first_moment);
    b.answered_well("a");
    EXPECT_FALSE(b.holds("a", model_crash, first_moment, 5min));
    EXPECT_FALSE(b.holds("a", insufficient_memory, first_moment, 5min));
    EXPECT_TRUE(b.holds("b", model_crash, first_moment, 5min));
    b.answered_well("b");
    EXPECT_TRUE(b.empty());
}

TEST(brake, remembers_the_newest_only) {
    brake b;
    auto const name = [](std::size_t i) { return "model " + std::to_string(i); };
    for (std::size_t i = 0; i < 64; ++i)
        b.done(name(i), model_crash, first_moment);
    b.done(name(0), model_crash, first_moment); // so the second is the oldest
    b.done(name(64), model_crash, first_moment);
    for (std::size_t i = 0; i <= 64; ++i)
        EXPECT_EQ(b.holds(name(i), model_crash, first_moment, 5min), i != 1) << i;
}

} // namespace brake_test
} // namespace secondwind::policy
