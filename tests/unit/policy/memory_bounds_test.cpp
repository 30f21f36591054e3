#include <secondwind/policy/memory_bounds.hpp>

#include <gtest/gtest.h>

namespace secondwind::policy {
namespace memory_bounds_test {

using namespace std::chrono_literals;

memory_bounds::time_point const first_moment{1h};

TEST(memory_bounds, know_nothing_at_first) {
    memory_bounds const b;
    EXPECT_EQ(b.most_loaded(first_moment), std::nullopt);
    EXPECT_EQ(b.least_refused(first_moment), std::nullopt);
}

TEST(memory_bounds, keep_the_most_that_was_loaded_and_the_least_that_was_refused) {
    memory_bounds b;
    for (auto const bytes : {20U, 24U, 22U})
        b.loaded(bytes, first_moment);
    for (auto const bytes : {40U, 30U, 35U})
        b.refused(bytes, first_moment);
    EXPECT_EQ(b.most_loaded(first_moment), 24U);
    EXPECT_EQ(b.least_refused(first_moment), 30U);
}

TEST(memory_bounds, forget_a_refusal_once_as_much_is_loaded) {
    memory_bounds b;
    b.refused(30, first_moment);
    b.loaded(29, first_moment);
    EXPECT_EQ(b.least_refused(first_moment), 30U);
    b.loaded(30, first_moment);
    EXPECT_EQ(b.least_refused(first_moment), std::nullopt);
}

TEST(memory_bounds, forget_what_was_loaded_once_as_little_is_refused) {
    memory_bounds b;
    b.loaded(30, first_moment);
    b.refused(31, first_moment);
    EXPECT_EQ(b.most_loaded(first_moment), 30U);
    b.refused(30, first_moment);
    EXPECT_EQ(b.most_loaded(first_moment), std::nullopt);
    EXPECT_EQ(b.least_refused(first_moment), 30U);
}

TEST(memory_bounds, forget_each_observation_after_an_hour) {
    memory_bounds b;
    b.loaded(20, first_moment);
    b.refused(30, first_moment + 1min);
    EXPECT_EQ(b.most_loaded(first_moment + 1h - 1ns), 20U);
    EXPECT_EQ(b.most_loaded(first_moment + 1h), std::nullopt);
    EXPECT_EQ(b.least_refused(first_moment + 1h), 30U);
    EXPECT_EQ(b.least_refused(first_moment + 1h + 1min), std::nullopt);
}

TEST(memory_bounds, remember_the_same_observation_from_its_last_time_on) {
    memory_bounds b;
    b.loaded(20, first_moment);
    b.refused(30, first_moment);
    b.loaded(20, first_moment + 30min);
    b.refused(30, first_moment + 30min);
    EXPECT_EQ(b.most_loaded(first_moment + 80min), 20U);
    EXPECT_EQ(b.least_refused(first_moment + 80min), 30U);
}

TEST(memory_bounds, take_a_lesser_observation_once_the_old_one_is_forgotten) {
    memory_bounds b;
    b.loaded(20, first_moment);
    b.refused(30, first_moment);
    b.loaded(10, first_moment + 1h);
    b.refused(40, first_moment + 1h);
    EXPECT_EQ(b.most_loaded(first_moment + 1h), 10U);
    EXPECT_EQ(b.least_refused(first_moment + 1h), 40U);
}

} // namespace memory_bounds_test
} // namespace secondwind::policy
