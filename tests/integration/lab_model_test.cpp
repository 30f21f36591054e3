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
    static bool run(model_run const& one) {
        auto story = std::make_unique<lab_schedule>(one.seed, one.traced);
        if (one.shuffled)
            story->disorder(one.seed);
        bool const ended = story->run();
        bool const good = ended && story->breaches().empty();
        EXPECT_TRUE(ended) << to_string(one) << ": a run does not end";
        EXPECT_THAT(story->breaches(), testing::IsEmpty()) << to_string(one);
        if (!ended)
            static_cast<void>(story.release());
        return good;
    }
};

} // namespace

TEST_P(lab_schedules, leave_the_host_as_it_was_and_lose_no_probe) {
    run_schedules(GetParam(), model_parts, 30, run);
}

INSTANTIATE_TEST_SUITE_P(part, lab_schedules, testing::Range(std::uint64_t{0}, model_parts));

// Somebody loads a model under the id of an instance that the lab has just unloaded, or waits for,
// or an instance of a probe has the id of one that is to be put back, or a model whose load the lab
// was refused.
struct lab_ids : lab_schedules {};

TEST_P(lab_ids, are_not_the_labs_for_ever) {
    run({.seed = GetParam()});
}

INSTANTIATE_TEST_SUITE_P(seed, lab_ids, testing::Values(1371, 5507, 7442, 18584, 28206, 42632));
