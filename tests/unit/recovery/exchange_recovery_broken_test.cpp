// Models that are broken rather than short of memory, on a simulated host.
#include "support/simulated_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using recovery::outcome;
using testing::ElementsAre;

namespace {

struct exchange_recovery_of_broken_models : with_simulated_host {};

} // namespace

TEST_F(exchange_recovery_of_broken_models,
       repairs_a_corrupt_cache_and_replays_those_that_it_cuts_off) {
    host.load("m40");
    host.load("m20");
    auto const& busy = keep_busy("m40", 5s);
    host.corrupt("m40");
    auto const& sick = send("m40");
    finish();
    EXPECT_TRUE(healthy(sick) && healthy(busy));
    EXPECT_EQ(sick.outcome(), outcome::recovered);
    EXPECT_EQ(busy.outcome(), outcome::recovered);
    EXPECT_THAT(steps, ElementsAre("x1 lead", "x0 await_replay", "x1 relay", "x0 relay"));
    EXPECT_THAT(host.unloads, ElementsAre("m40"));
}

TEST_F(exchange_recovery_of_broken_models,
       repairs_the_cache_of_the_only_model_for_a_request_that_names_none) {
    host.load("m40");
    host.corrupt("m40");
    auto const& e = send("");
    finish();
    EXPECT_THAT(host.unloads, ElementsAre("m40"));
    EXPECT_EQ(e.attempts(), 2U);
    // Nothing that it could use is loaded then: an error is no recovery.
    EXPECT_EQ(e.answer().verdict, policy::verdict::other_error);
    EXPECT_EQ(e.outcome(), outcome::replay_failed);
    auto const& next = send("m40");
    finish();
    EXPECT_TRUE(healthy(next));
}

TEST_F(exchange_recovery_of_broken_models, treats_a_crash_as_it_is_told_to) {
    using policy::on_crash;
    struct treatment {
        on_crash how;
        unsigned attempts;
        std::size_t unloads;
    };
    for (auto const& [how, attempts, unloads] :
         {treatment{on_crash::off, 1, 0}, treatment{on_crash::replay, 2, 0},
          treatment{on_crash::reload, 2, 1}}) {
        settings.recovery.on_crash = how;
        host.unloads.clear();
        host.load("m40");
        host.crash("m40");
        auto const& e = send("m40");
        finish();
        EXPECT_EQ(e.attempts(), attempts);
        EXPECT_EQ(host.unloads.size(), unloads);
        EXPECT_EQ(healthy(e), how == on_crash::reload);
        host.drop("m40");
    }
}
