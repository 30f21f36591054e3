// What a recovery does, step by step, on a simulated host.
#include "support/simulated_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using recovery::outcome;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

struct recoverer_steps : with_simulated_host {
    recoverer_steps() {
        ledger.observe([this](recovery::step s, recovery::record const&) {
            taken.emplace_back(recovery::to_string(s));
        });
    }
    std::vector<std::string> taken;
};

} // namespace

TEST_F(recoverer_steps, reports_each_step) {
    host.load("m40");
    host.load("m50");
    send("m90");
    finish();
    EXPECT_THAT(taken,
                ElementsAre("began", "listed", "planned", "unloading", "unloaded", "unloading",
                            "unloaded", "verified", "replaying", "concluded", "finished"));
    EXPECT_THAT(host.unloads, ElementsAre("m40", "m50"));
    EXPECT_EQ(recovery.guard.epoch(), 2U);
}

TEST_F(recoverer_steps, asks_no_more_often_than_it_must) {
    host.load("m70");
    send("m60");
    finish();
    EXPECT_EQ(host.lists, 2U); // to plan, and to see that it is gone
}

TEST_F(recoverer_steps, reports_once_that_it_waits) {
    host.load("m70");
    host.occupy("m70", 30s);
    send("m60");
    finish();
    EXPECT_EQ(std::ranges::count(taken, "waiting"), 1);
    EXPECT_EQ(std::ranges::count(taken, "planned"), 2);
    EXPECT_LT(host.lists, 45U); // at most once a second, after the first few
}

TEST_F(recoverer_steps, awaits_the_end_of_an_unload_that_the_host_still_lists) {
    host.takes.lingering = 3s;
    host.load("m70");
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.attempts(), 2U);
    EXPECT_LT(host.lists, 12U);
}

TEST_F(recoverer_steps, gives_up_on_an_instance_that_stays_listed) {
    settings.recovery.verify_timeout = 2s;
    host.takes.lingering = 1min;
    host.load("m70");
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::unload_failed);
    EXPECT_EQ(last().error, "m70: still loaded after its unload");
    EXPECT_LT(time.elapsed(), 3s);
}

TEST_F(recoverer_steps, takes_an_instance_that_is_gone_for_unloaded) {
    host.load("m70");
    host.on_unload = [this](std::string const& id) { host.drop(id); };
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(last().unloaded(), 1U);
}

TEST_F(recoverer_steps, replays_where_an_unload_is_refused_and_less_is_loaded_all_the_same) {
    host.load("m40");
    host.load("m50");
    host.strikes = [this](simulated_host::fault f) {
        return f == simulated_host::fault::unload_refused && !host.unloads.empty();
    };
    auto const& e = send("m90");
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_GT(e.attempts(), 1U);
    EXPECT_THAT(host.unloads, ElementsAre("m40"));
    EXPECT_EQ(recovery.guard.epoch(), 1U);
    EXPECT_EQ(last().error, "m50: refused");
    EXPECT_EQ(e.outcome(), outcome::unload_failed);
    EXPECT_TRUE(recovery.oversized.empty()); // it was not refused with everything else gone
}

TEST_F(recoverer_steps, ends_a_wait_when_the_server_stops) {
    host.load("m70");
    host.occupy("m70", 5min);
    auto const& e = send("m60");
    until_it_waits();
    recovery.stop();
    ASSERT_TRUE(time.pass_until([&] { return e.over(); }, 100ms));
    EXPECT_TRUE(refused(e));
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(recoverer_steps, ends_its_wait_for_a_listing_without_the_victim_when_the_server_stops) {
    host.takes.lingering = 10s;
    host.load("m70");
    auto const& e = send("m60");
    time.pass(500ms);
    ASSERT_FALSE(host.unloads.empty());
    recovery.stop();
    ASSERT_TRUE(time.pass_until([&] { return e.over(); }, 100ms));
    EXPECT_EQ(e.outcome(), outcome::unload_failed);
}

TEST_F(recoverer_steps, awaits_the_end_of_a_load_that_holds_the_room) {
    host.load("m10");
    host.load("m20");
    host.takes.load = 2s;
    auto const& loads = send("m60");
    auto const& e = send("m50");
    time.pass(1500ms);
    EXPECT_FALSE(loads.over() || e.over());
    finish();
    EXPECT_TRUE(healthy(loads) && healthy(e));
    EXPECT_EQ(ledger.records().size(), 1U);
    EXPECT_EQ(host.counts.cut, 0U);
}

TEST_F(recoverer_steps, takes_no_more_than_is_missing_and_the_rest_only_if_that_did_not_help) {
    host.load("m20");
    host.load("m70");
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_THAT(host.unloads, ElementsAre("m70"));
    EXPECT_THAT(host.ids(), ElementsAre("m20", "m60"));
}

TEST_F(recoverer_steps, replays_where_an_unload_was_answered_with_an_error_and_done) {
    host.load("m70");
    host.strikes = [](simulated_host::fault f) {
        return f == simulated_host::fault::unload_unsure;
    };
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.outcome(), outcome::recovered);
}

TEST_F(recoverer_steps, lists_once_more_where_a_listing_has_failed) {
    host.load("m70");
    bool failed = false;
    host.strikes = [&failed](simulated_host::fault f) {
        return f == simulated_host::fault::list_fails && !std::exchange(failed, true);
    };
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.outcome(), outcome::recovered);
}

TEST_F(recoverer_steps, survives_a_control_that_throws) {
    host.load("m70");
    host.on_unload = [](std::string const&) { throw std::runtime_error{"no memory"}; };
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::unload_failed);
    EXPECT_EQ(last().error, "no memory");
}
