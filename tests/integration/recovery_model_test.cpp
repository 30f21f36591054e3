// Thousands of random schedules of the product's own loop (recovery::run_exchange) on a simulated
// host. Each must keep what a recovery promises.
//
// A failure names its seed; SECONDWIND_MODEL_SEED=<seed> runs that one alone and traces it.
// SECONDWIND_MODEL_SCHEDULES=<n> runs n schedules in each of the eight parts instead of 400: 12500
// make 100,000 in all.
#include "support/recovery_schedule.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <memory>

using namespace secondwind::test;

namespace {

std::uint64_t from_environment(char const* name, std::uint64_t otherwise) {
    auto const* const value = std::getenv(name);
    return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

constexpr std::uint64_t parts = 8;
constexpr int most_failures = 3; // that one test reports

struct recovery_schedules : testing::TestWithParam<std::uint64_t> {
    // True if there was no breach.
    bool run(std::uint64_t seed, bool tracing = false) {
        auto schedule = std::make_unique<recovery_schedule>(seed, tracing);
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
    if (auto const one = from_environment("SECONDWIND_MODEL_SEED", 0); one != 0) {
        if (one % parts == GetParam())
            run(one, true);
        return;
    }
    auto const schedules = from_environment("SECONDWIND_MODEL_SCHEDULES", 400);
    int failures = 0;
    for (std::uint64_t n = 1; n <= schedules && failures < most_failures; ++n)
        failures += run(n * parts + GetParam()) ? 0 : 1;
}

// docs/design.md lists them; that no others occur is checked in each schedule.
TEST(recovery_model, meets_every_state_of_the_table) {
    recovery_states unmet = recovery_table();
    for (std::uint64_t seed = 1; seed <= 5000 && !unmet.empty(); ++seed) {
        auto schedule = std::make_unique<recovery_schedule>(seed);
        ASSERT_TRUE(schedule->run()) << "seed " << seed;
        for (auto const& state : schedule->states())
            unmet.erase(state);
    }
    for (auto const& state : unmet)
        ADD_FAILURE() << to_string(state);
}

INSTANTIATE_TEST_SUITE_P(part, recovery_schedules, testing::Range(std::uint64_t{0}, parts));
