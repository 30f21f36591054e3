// Thousands of random stories on an imagined host, each held to what a recovery promises.
//
// A failure names its seed; SECONDWIND_MODEL_SEED=<seed> runs that one alone and tells its story.
// SECONDWIND_MODEL_STORIES=<n> runs n stories in each test instead of a few hundred.
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
constexpr int most_failures = 3; // that are told in one test

struct recovery_model : testing::TestWithParam<std::uint64_t> {
    // True if nothing was amiss.
    bool tell(std::uint64_t seed, bool tracing = false) {
        auto story = std::make_unique<recovery_schedule>(seed, tracing);
        bool const ended = story->run();
        bool const good = ended && story->breaches().empty();
        EXPECT_TRUE(ended) << "seed " << seed;
        EXPECT_THAT(story->breaches(), testing::IsEmpty()) << "seed " << seed;
        if (!ended)
            static_cast<void>(story.release());
        return good;
    }
};

} // namespace

TEST_P(recovery_model, hurts_nobody_and_leaves_nobody_waiting) {
    if (auto const one = from_environment("SECONDWIND_MODEL_SEED", 0); one != 0) {
        if (one % parts == GetParam())
            tell(one, true);
        return;
    }
    auto const stories = from_environment("SECONDWIND_MODEL_STORIES", 400);
    int failures = 0;
    for (std::uint64_t n = 1; n <= stories && failures < most_failures; ++n)
        failures += tell(n * parts + GetParam()) ? 0 : 1;
}

INSTANTIATE_TEST_SUITE_P(part, recovery_model, testing::Range(std::uint64_t{0}, parts));
