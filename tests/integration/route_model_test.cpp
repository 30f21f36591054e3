// Thousands of random schedules of the product's own router and loop over several simulated hosts.
// Each must keep what docs/design.md promises for the choice of a host.
//
// A failure names its seed; SECONDWIND_MODEL_SEED=<seed> runs that one alone and traces it.
// SECONDWIND_MODEL_SCHEDULES=<n> runs n schedules in each of the eight parts instead of 150: 12500
// make 100,000 in all.
#include "support/model_seeds.hpp"
#include "support/route_schedule.hpp"

#include <gmock/gmock.h>

#include <memory>

using namespace secondwind::test;

namespace {

struct route_schedules : testing::TestWithParam<std::uint64_t> {
    // True if there was no breach.
    static bool run(model_run const& one) {
        auto schedule = std::make_unique<route_schedule>(one.seed);
        if (one.shuffled)
            schedule->disorder(one.seed);
        schedule->referee().tracing = one.traced;
        bool const ended = schedule->run();
        auto const& breaches = schedule->referee().breaches();
        bool const good = ended && breaches.empty();
        EXPECT_TRUE(ended) << to_string(one);
        EXPECT_THAT(breaches, testing::IsEmpty()) << to_string(one);
        if (!ended)
            static_cast<void>(schedule.release());
        return good;
    }
};

// What happens to a single host, and when; empty if there are several.
std::vector<std::string> story_of_one(std::uint64_t seed, route_schedule::choice by) {
    auto schedule = std::make_unique<route_schedule>(seed, by);
    if (schedule->hosts() > 1)
        return {};
    schedule->referee().recording = true;
    EXPECT_TRUE(schedule->run()) << "seed " << seed;
    return schedule->referee().story();
}

} // namespace

TEST_P(route_schedules, keeps_every_promise_and_leaves_no_request_waiting) {
    run_schedules(GetParam(), model_parts, 150, run);
}

TEST_P(route_schedules, tell_the_same_of_a_single_host_whether_hosts_are_chosen_or_not) {
    run_schedules(GetParam(), model_parts, 150, [](model_run const& one) {
        auto const chosen = story_of_one(one.seed, route_schedule::choice::by_model);
        if (chosen.empty())
            return true;
        EXPECT_EQ(chosen, story_of_one(one.seed, route_schedule::choice::by_host))
            << to_string(one);
        return !HasFailure();
    });
}

INSTANTIATE_TEST_SUITE_P(part, route_schedules, testing::Range(std::uint64_t{0}, model_parts));
