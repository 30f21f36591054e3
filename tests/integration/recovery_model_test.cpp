// Thousands of random schedules of the product's own loop (recovery::run_exchange) on a simulated
// host. Each must keep what a recovery promises.
//
// A failure names its seed; SECONDWIND_MODEL_SEED=<seed> runs that one alone and traces it.
// SECONDWIND_MODEL_SCHEDULES=<n> runs n schedules in each of the eight parts instead of 400: 12500
// make 100,000 in all.
#include "support/model_seeds.hpp"
#include "support/recovery_schedule.hpp"

#include <gmock/gmock.h>

#include <memory>

using namespace secondwind::test;

namespace {

struct recovery_schedules : testing::TestWithParam<std::uint64_t> {
    // True if there was no breach.
    static bool run(model_run const& one) {
        auto schedule = std::make_unique<recovery_schedule>(one.seed, one.traced);
        if (one.shuffled)
            schedule->disorder(one.seed);
        bool const ended = schedule->run();
        bool const good = ended && schedule->breaches().empty();
        EXPECT_TRUE(ended) << to_string(one);
        EXPECT_THAT(schedule->breaches(), testing::IsEmpty()) << to_string(one);
        if (!ended)
            static_cast<void>(schedule.release());
        return good;
    }
};

} // namespace

TEST_P(recovery_schedules, keeps_every_promise_and_leaves_no_exchange_waiting) {
    run_schedules(GetParam(), model_parts, 400, run);
}

// docs/design.md lists them; that no others occur is checked in each schedule.
TEST(recovery_model, meets_every_state_of_the_table) {
    recovery_states unmet = recovery_table();
    for (std::uint64_t seed = 1; seed <= 20000 && !unmet.empty(); ++seed) {
        auto schedule = std::make_unique<recovery_schedule>(seed);
        ASSERT_TRUE(schedule->run()) << "seed " << seed;
        for (auto const& state : schedule->states())
            unmet.erase(state);
    }
    for (auto const& state : unmet)
        ADD_FAILURE() << to_string(state);
}

INSTANTIATE_TEST_SUITE_P(part, recovery_schedules, testing::Range(std::uint64_t{0}, model_parts));
