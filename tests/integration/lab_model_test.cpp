// Thousands of random stories of the lab on a simulated host: traffic, loads and unloads of others,
// hosts that go down, ^C, and a lab that is killed. Afterwards nothing of the lab is loaded, what
// others loaded by hand is back, nobody waits, and no probe that was written down is gone.
//
// A failure names its seed; SECONDWIND_MODEL_SEED=<seed> runs that one alone and traces it.
// SECONDWIND_MODEL_SCHEDULES=<n> runs n stories in each of the eight parts instead of 30: 12500
// make 100,000 in all.
#include "support/lab_schedule.hpp"
#include "support/model_seeds.hpp"

#include <gmock/gmock.h>

#include <memory>

using namespace secondwind::test;

namespace {

struct lab_schedules : testing::TestWithParam<std::uint64_t> {
    bool run(std::uint64_t seed, bool shuffled, bool tracing = false) {
        auto story = std::make_unique<lab_schedule>(seed, tracing);
        if (shuffled)
            story->disorder(seed);
        bool const ended = story->run();
        bool const good = ended && story->breaches().empty();
        EXPECT_TRUE(ended) << "seed " << seed << ": a run does not end";
        EXPECT_THAT(story->breaches(), testing::IsEmpty()) << "seed " << seed;
        if (!ended)
            static_cast<void>(story.release());
        return good;
    }
};

} // namespace

TEST_P(lab_schedules, leave_the_host_as_it_was_and_lose_no_probe) {
    if (auto const one = model_seed(); one != 0) {
        if (one % model_parts == GetParam())
            run(one, is_shuffled(one), true);
        return;
    }
    auto const stories = model_schedules(30);
    int failures = 0;
    for (std::uint64_t n = 1; n <= stories && failures < most_model_failures; ++n) {
        auto const seed = n * model_parts + GetParam();
        failures += run(seed, is_shuffled(seed)) ? 0 : 1;
    }
}

INSTANTIATE_TEST_SUITE_P(part, lab_schedules, testing::Range(std::uint64_t{0}, model_parts));

// Somebody loads a model under the id of an instance that the lab has just unloaded, or waits for,
// or an instance of a probe has the id of one that is to be put back, or a model whose load the lab
// was refused.
struct lab_ids : lab_schedules {};

TEST_P(lab_ids, are_not_the_labs_for_ever) {
    run(GetParam(), false);
}

INSTANTIATE_TEST_SUITE_P(seed, lab_ids, testing::Values(1371, 5507, 7442, 18584, 28206, 42632));
