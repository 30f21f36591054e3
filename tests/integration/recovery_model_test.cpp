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
    bool run(std::uint64_t seed, bool tracing = false) {
        auto schedule = std::make_unique<recovery_schedule>(seed, tracing);
        if (is_shuffled(seed))
            schedule->disorder(seed);
        bool const ended = schedule->run();
        bool const good = ended && schedule->breaches().empty();
        EXPECT_TRUE(ended) << "seed " << seed;
        EXPECT_THAT(schedule->breaches(), testing::IsEmpty()) << "seed " << seed;
        if (!ended)
            static_cast<void>(schedule.release());
        return good;
    }
};

} // namespace

TEST_P(recovery_schedules, keeps_every_promise_and_leaves_no_exchange_waiting) {
    if (auto const one = model_seed(); one != 0) {
        if (one % model_parts == GetParam())
            run(one, true);
        return;
    }
    auto const schedules = model_schedules(400);
    int failures = 0;
    for (std::uint64_t n = 1; n <= schedules && failures < most_model_failures; ++n)
        failures += run(n * model_parts + GetParam()) ? 0 : 1;
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
