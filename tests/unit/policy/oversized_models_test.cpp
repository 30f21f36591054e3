#include <secondwind/policy/oversized_models.hpp>

#include <gtest/gtest.h>

namespace secondwind::policy {
namespace oversized_models_test {

using namespace std::chrono_literals;

oversized_models::time_point const first_moment{1h};

TEST(oversized_models, know_nothing_at_first) {
    oversized_models const m;
    EXPECT_TRUE(m.empty());
    EXPECT_FALSE(m.futile("a", first_moment));
}

TEST(oversized_models, make_futile_what_was_refused_and_nothing_else) {
    oversized_models m;
    m.refused("large", first_moment, 5min);
    EXPECT_FALSE(m.empty());
    EXPECT_TRUE(m.futile("large", first_moment));
    EXPECT_FALSE(m.futile("other", first_moment));
    EXPECT_FALSE(m.futile("", first_moment));
}

TEST(oversized_models, learn_nothing_of_a_model_that_is_not_known) {
    oversized_models m;
    m.refused("", first_moment, 5min);
    EXPECT_TRUE(m.empty());
}

TEST(oversized_models, forget_after_the_cooldown) {
    oversized_models m;
    m.refused("a", first_moment, 5min);
    EXPECT_TRUE(m.futile("a", first_moment + 5min - 1ns));
    EXPECT_FALSE(m.futile("a", first_moment + 5min));
}

TEST(oversized_models, last_as_long_as_the_newest_refusal_says) {
    oversized_models m;
    m.refused("a", first_moment, 5min);
    m.refused("a", first_moment + 1min, 10min);
    EXPECT_TRUE(m.futile("a", first_moment + 10min));
    m.refused("a", first_moment + 2min, 1min);
    EXPECT_TRUE(m.futile("a", first_moment + 2min));
    EXPECT_FALSE(m.futile("a", first_moment + 3min));
}

TEST(oversized_models, forget_a_model_that_answers) {
    oversized_models m;
    m.refused("a", first_moment, 5min);
    m.refused("b", first_moment, 5min);
    m.succeeded("a");
    m.succeeded("unknown");
    EXPECT_FALSE(m.futile("a", first_moment));
    EXPECT_TRUE(m.futile("b", first_moment));
    m.succeeded("b");
    EXPECT_TRUE(m.empty());
}

TEST(oversized_models, forget_all_when_the_hosts_models_change) {
    for (std::vector<std::string> const& other :
         {std::vector<std::string>{"a", "c"}, {"a"}, {"a", "a"}, {}}) {
        oversized_models m;
        m.listed({"a", "b"});
        m.refused("a", first_moment, 5min);
        m.listed({"a", "b"});
        m.listed({"b", "a"}); // another order is no change
        EXPECT_TRUE(m.futile("a", first_moment));
        m.listed(other);
        EXPECT_TRUE(m.empty());
    }
}

TEST(oversized_models, keep_what_they_know_at_the_first_listing) {
    oversized_models m;
    m.refused("a", first_moment, 5min);
    m.listed({"a"});
    EXPECT_TRUE(m.futile("a", first_moment));
}

TEST(oversized_models, remember_nothing_without_a_cooldown) {
    oversized_models m;
    m.refused("a", first_moment, 0ms);
    m.refused("a", first_moment, -1ms);
    EXPECT_TRUE(m.empty());
}

TEST(oversized_models, survive_a_cooldown_without_end) {
    oversized_models m;
    m.refused("a", first_moment, std::chrono::milliseconds::max());
    EXPECT_TRUE(m.futile("a", first_moment + 24h * 365 * 100));
}

TEST(oversized_models, remember_the_newest_only) {
    oversized_models m;
    auto const name = [](std::size_t i) { return "model " + std::to_string(i); };
    for (std::size_t i = 0; i < oversized_models::most; ++i)
        m.refused(name(i), first_moment, 5min);
    // The first one is refused again, so the second is the oldest.
    m.refused(name(0), first_moment, 5min);
    EXPECT_TRUE(m.futile(name(1), first_moment));
    m.refused(name(oversized_models::most), first_moment, 5min);
    for (std::size_t i = 0; i <= oversized_models::most; ++i)
        EXPECT_EQ(m.futile(name(i), first_moment), i != 1) << i;
}

} // namespace oversized_models_test
} // namespace secondwind::policy
