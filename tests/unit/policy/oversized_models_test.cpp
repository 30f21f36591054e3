#include <secondwind/policy/oversized_models.hpp>

#include <gtest/gtest.h>

namespace secondwind::policy {
namespace {

using namespace std::chrono_literals;
using standing = oversized_models::standing;

oversized_models::time_point const first_moment{1h};

TEST(oversized_models, know_nothing_at_first) {
    oversized_models m;
    EXPECT_TRUE(m.empty(first_moment));
    EXPECT_EQ(m.of("a", first_moment), standing::open);
}

TEST(oversized_models, tell_what_was_tried_for_a_model) {
    oversized_models m;
    m.failed("small", false, first_moment, 5min);
    m.failed("large", true, first_moment, 5min);
    EXPECT_FALSE(m.empty(first_moment));
    EXPECT_EQ(m.of("small", first_moment), standing::everything);
    EXPECT_EQ(m.of("large", first_moment), standing::futile);
    EXPECT_EQ(m.of("other", first_moment), standing::open);
    EXPECT_EQ(m.of("", first_moment), standing::open);
}

TEST(oversized_models, forget_after_the_cooldown) {
    oversized_models m;
    m.failed("a", true, first_moment, 5min);
    EXPECT_EQ(m.of("a", first_moment + 5min - 1ns), standing::futile);
    EXPECT_EQ(m.of("a", first_moment + 5min), standing::open);
    EXPECT_FALSE(m.empty(first_moment + 5min - 1ns));
    EXPECT_TRUE(m.empty(first_moment + 5min));
    EXPECT_TRUE(m.empty(first_moment));
}

TEST(oversized_models, are_never_downgraded_and_last_as_long_as_the_newest_failure) {
    oversized_models m;
    m.failed("a", true, first_moment, 5min);
    m.failed("a", false, first_moment + 1min, 10min);
    EXPECT_EQ(m.of("a", first_moment + 10min), standing::futile);
    m.failed("a", false, first_moment + 2min, 1min);
    EXPECT_EQ(m.of("a", first_moment + 2min), standing::futile);
    EXPECT_EQ(m.of("a", first_moment + 3min), standing::open);
}

TEST(oversized_models, are_upgraded_by_a_failure_with_nothing_left) {
    oversized_models m;
    m.failed("a", false, first_moment, 5min);
    m.failed("a", true, first_moment, 5min);
    EXPECT_EQ(m.of("a", first_moment), standing::futile);
}

TEST(oversized_models, begin_anew_once_the_cooldown_is_over) {
    oversized_models m;
    m.failed("a", true, first_moment, 5min);
    m.failed("a", false, first_moment + 5min, 5min);
    EXPECT_EQ(m.of("a", first_moment + 5min), standing::everything);
}

TEST(oversized_models, forget_a_model_that_answers) {
    oversized_models m;
    m.failed("a", true, first_moment, 5min);
    m.failed("b", true, first_moment, 5min);
    m.succeeded("a");
    m.succeeded("unknown");
    EXPECT_EQ(m.of("a", first_moment), standing::open);
    EXPECT_EQ(m.of("b", first_moment), standing::futile);
    m.succeeded("b");
    EXPECT_TRUE(m.empty(first_moment));
}

TEST(oversized_models, forget_all_when_the_hosts_models_change) {
    oversized_models m;
    m.listed({"a 1", "b 2"});
    m.failed("a", true, first_moment, 5min);
    m.listed({"a 1", "b 2"});
    m.listed({"b 2", "a 1"});
    EXPECT_EQ(m.of("a", first_moment), standing::futile);
    m.listed({"a 1", "b 3"});
    EXPECT_TRUE(m.empty(first_moment));

    m.failed("a", true, first_moment, 5min);
    m.listed({"a 1"});
    EXPECT_TRUE(m.empty(first_moment));
    m.failed("a", true, first_moment, 5min);
    m.listed({"a 1", "a 1"});
    EXPECT_TRUE(m.empty(first_moment));
    m.failed("a", true, first_moment, 5min);
    m.listed({});
    EXPECT_TRUE(m.empty(first_moment));
}

TEST(oversized_models, keep_what_they_know_at_the_first_listing) {
    oversized_models m;
    m.failed("a", true, first_moment, 5min);
    m.listed({"a"});
    EXPECT_EQ(m.of("a", first_moment), standing::futile);
}

TEST(oversized_models, remember_nothing_without_a_cooldown) {
    oversized_models m;
    m.failed("a", true, first_moment, 0ms);
    m.failed("a", true, first_moment, -1ms);
    EXPECT_TRUE(m.empty(first_moment));
}

TEST(oversized_models, survive_a_cooldown_without_end) {
    oversized_models m;
    m.failed("a", true, first_moment, std::chrono::milliseconds::max());
    EXPECT_EQ(m.of("a", first_moment + 24h * 365 * 100), standing::futile);
}

TEST(oversized_models, remember_the_newest_only) {
    oversized_models m;
    auto const name = [](std::size_t i) { return "model " + std::to_string(i); };
    for (std::size_t i = 0; i < oversized_models::most; ++i)
        m.failed(name(i), true, first_moment, 5min);
    // The first one fails again, so the second is the oldest.
    m.failed(name(0), true, first_moment, 5min);
    EXPECT_EQ(m.of(name(1), first_moment), standing::futile);
    m.failed(name(oversized_models::most), true, first_moment, 5min);
    EXPECT_EQ(m.of(name(1), first_moment), standing::open);
    for (std::size_t i = 0; i <= oversized_models::most; ++i)
        EXPECT_EQ(m.of(name(i), first_moment) == standing::futile, i != 1) << i;
}

} // namespace
} // namespace secondwind::policy
