// How exchanges go through recoveries, on a simulated host.
#include "support/simulated_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using policy::verdict;
using recovery::outcome;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

struct recovering_exchange : with_simulated_host {};

} // namespace

TEST_F(recovering_exchange, unloads_the_idle_others_and_replays) {
    host.load("m70");
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.outcome(), outcome::recovered);
    EXPECT_EQ(e.attempts(), 2U);
    EXPECT_EQ(e.unloaded(), 1U);
    EXPECT_EQ(last().outcome, outcome::recovered);
    EXPECT_THAT(host.unloads, ElementsAre("m70"));
}

TEST_F(recovering_exchange, leaves_alone_what_needs_no_recovery) {
    host.load("m70");
    auto const& well = send("m70");
    auto const& bad = send(wish{.model = "m60", .bad = true});
    finish();
    EXPECT_TRUE(healthy(well));
    EXPECT_EQ(bad.answer().verdict, verdict::other_error);
    EXPECT_FALSE(well.met_recovery() || bad.met_recovery());
    EXPECT_THAT(ledger.records(), IsEmpty());
}

TEST_F(recovering_exchange, asks_again_for_a_while_and_then_gives_the_last_answer_whatever_it_is) {
    host.load("m40");
    auto const& e = send("m200");
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::replay_failed);
    EXPECT_EQ(e.attempts(), 7U); // after 0.5, 1, 2, 4 and 4 seconds
    EXPECT_GT(time.elapsed(), 11s);
    EXPECT_LT(time.elapsed(), settings.recovery.verify_timeout);
}

TEST_F(recovering_exchange, waits_for_memory_that_comes_back_late) {
    host.takes.release = 2s;
    host.load("m70");
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.outcome(), outcome::recovered);
    EXPECT_THAT(host.unloads, ElementsAre("m70"));
}

TEST_F(recovering_exchange, gives_the_first_answer_where_the_host_refuses_to_unload) {
    host.load("m70");
    host.strikes = [](simulated_host::fault f) {
        return f == simulated_host::fault::unload_refused;
    };
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::unload_failed);
    EXPECT_EQ(e.attempts(), 1U);
    EXPECT_EQ(last().outcome, outcome::unload_failed);
    EXPECT_EQ(recovery.guard.epoch(), 0U);
}

TEST_F(recovering_exchange, gives_the_first_answer_where_the_host_lists_nothing) {
    host.load("m70");
    host.strikes = [](simulated_host::fault f) { return f == simulated_host::fault::list_fails; };
    host.takes.list = 0ms; // over before anybody could wait for it
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::unload_failed);
}

TEST_F(recovering_exchange, gives_the_answer_that_it_has_where_the_host_is_down_by_the_replay) {
    host.load("m70");
    auto& e = send("m60");
    e.on_attempt = [this] { host.go_down(); };
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::replay_failed);
    EXPECT_EQ(e.attempts(), 2U);
}

TEST_F(recovering_exchange, asks_again_where_there_is_nothing_to_unload) {
    auto const& e = send("m200");
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::replay_failed);
    EXPECT_EQ(last().plan.reason, policy::plan_reason::nothing_loaded);
    EXPECT_GT(e.attempts(), 2U); // somebody else may have been loading something
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(recovering_exchange, unloads_no_pinned_model) {
    settings.recovery.pinned = {"m7?"};
    host.load("m70");
    auto const& e = send("m60");
    finish();
    EXPECT_EQ(e.outcome(), outcome::no_candidate);
    EXPECT_EQ(last().plan.reason, policy::plan_reason::all_pinned);
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(recovering_exchange, waits_for_a_busy_one) {
    host.tells_activity = false; // what the proxy knows itself is enough
    host.load("m70");
    auto const& busy = keep_busy("m70", 5s);
    auto const& e = send("m60");
    until_it_waits();
    EXPECT_EQ(e.attempts(), 1U);
    finish();
    EXPECT_TRUE(healthy(busy) && healthy(e));
    EXPECT_EQ(e.outcome(), outcome::recovered);
    EXPECT_EQ(ledger.records().size(), 1U);
}

TEST_F(recovering_exchange, waits_for_a_model_that_is_busy_with_a_foreign_request) {
    host.load("m70");
    host.occupy("m70", 5s);
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_GE(time.elapsed(), 5s);
    EXPECT_LT(time.elapsed(), 7s);
}

TEST_F(recovering_exchange, gives_up_where_all_stay_busy_for_the_whole_wait) {
    settings.recovery.busy_wait = 30s;
    host.load("m70");
    host.occupy("m70", 10min);
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::busy_timeout);
    EXPECT_GE(time.elapsed(), 30s);
    EXPECT_LT(time.elapsed(), 31s);
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(recovering_exchange, remembers_what_fits_nowhere) {
    host.load("m40");
    send("m200");
    finish();
    host.load("m40");
    auto const& again = send("m200");
    finish();
    EXPECT_TRUE(refused(again));
    EXPECT_EQ(again.outcome(), outcome::futile);
    EXPECT_EQ(again.attempts(), 1U);
    EXPECT_EQ(ledger.records().size(), 1U);
    EXPECT_THAT(host.ids(), ElementsAre("m40"));
    time.pass(settings.recovery.cooldown);
    EXPECT_EQ(send("m200").outcome(), outcome::pending);
    finish();
    EXPECT_EQ(ledger.records().size(), 2U);
}

TEST_F(recovering_exchange,
       evicts_what_is_idle_then_what_was_busy_and_then_nothing_for_a_model_that_fits_nowhere) {
    host.load("m40");
    host.load("m50");
    keep_busy("m50", 2s);
    auto const& first = send("m200");
    until_it_waits(); // a partial eviction did not help
    EXPECT_THAT(host.ids(), ElementsAre("m50"));
    EXPECT_EQ(first.attempts(), 3U); // once at once, and once in case memory came back late
    finish();
    EXPECT_EQ(first.outcome(), outcome::replay_failed);
    EXPECT_THAT(host.ids(), IsEmpty());
    EXPECT_EQ(ledger.records().size(), 1U);
    host.load("m40");
    EXPECT_EQ(send("m200").attempts(), 1U);
    finish();
    EXPECT_THAT(host.ids(), ElementsAre("m40"));
}

TEST_F(recovering_exchange, heals_the_host_for_the_next_request_after_the_answer_has_begun) {
    host.load("m40");
    host.load("m50");
    auto const& e = send(wish{.model = "m40", .tail = verdict::insufficient_memory});
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.attempts(), 1U);
    EXPECT_FALSE(e.met_recovery());
    EXPECT_EQ(last().outcome, outcome::healed);
    EXPECT_THAT(host.ids(), ElementsAre("m40"));
}

TEST_F(recovering_exchange, keeps_what_served_a_request_under_a_name_that_the_host_does_not_know) {
    host.tells_activity = false;
    host.load("m40");
    send(wish{.model = "alias", .tail = verdict::insufficient_memory});
    auto const& other = keep_busy("alias", 1s);
    finish();
    EXPECT_TRUE(healthy(other));
    EXPECT_EQ(last().outcome, outcome::no_candidate);
    EXPECT_THAT(host.ids(), ElementsAre("m40"));
}

TEST_F(recovering_exchange, waits_itself_where_a_healing_does_not) {
    host.load("m50");
    host.load("m40");
    host.takes.list = 50ms;
    auto const& busy = keep_busy("m40", 5s);
    keep_busy("m50", 3s);
    send(wish{.model = "m50", .tail = verdict::insufficient_memory});
    until_recovering();
    EXPECT_TRUE(last().trigger.after_commit);
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(busy) && healthy(e));
    EXPECT_EQ(ledger.records().size(), 2U);
    EXPECT_EQ(ledger.records().front()->outcome, outcome::no_candidate);
    EXPECT_EQ(last().outcome, outcome::recovered);
}

TEST_F(recovering_exchange, decides_and_does_nothing_where_it_only_observes) {
    settings.recovery.mode = config::recovery_mode::observe;
    host.load("m70");
    auto const& e = send("m60");
    until_recovering();
    auto const& other = send(wish{.model = "m10", .bad = true}); // held up by nothing
    EXPECT_EQ(other.attempts(), 1U);
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::observed);
    EXPECT_EQ(last().outcome, outcome::observed);
    EXPECT_EQ(last().plan.victims.size(), 1U);
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(recovering_exchange, does_nothing_where_it_is_off) {
    settings.recovery.mode = config::recovery_mode::off;
    host.load("m70");
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_FALSE(e.met_recovery());
    EXPECT_THAT(ledger.records(), IsEmpty());
}

TEST_F(recovering_exchange, heals_the_host_for_the_next_try_where_the_body_was_not_kept) {
    host.load("m70");
    auto const& streamed = send(wish{.model = "m60"}, false);
    finish();
    EXPECT_TRUE(refused(streamed));
    EXPECT_EQ(streamed.attempts(), 1U);
    EXPECT_EQ(streamed.outcome(), outcome::not_replayable);
    EXPECT_TRUE(streamed.recovery().healed());
    EXPECT_THAT(host.unloads, ElementsAre("m70"));
    auto const& again = send(wish{.model = "m60"}, false);
    finish();
    EXPECT_TRUE(healthy(again));
}

TEST_F(recovering_exchange, heals_only_once_where_that_does_not_help) {
    host.load("m40");
    for (int n = 0; n < 3; ++n) {
        host.load("m20");
        send(wish{.model = "m40", .tail = verdict::insufficient_memory});
        finish(); // an answer that begins well says nothing of its end
    }
    EXPECT_EQ(ledger.records().size(), 1U);
    EXPECT_THAT(host.unloads, ElementsAre("m20"));
}

TEST_F(recovering_exchange, replays_without_unloading_where_its_model_is_loaded_by_now) {
    host.load("m70");
    host.takes.error = 50ms;
    auto const& e = send("m60");
    host.drop("m70");
    host.load("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.attempts(), 2U);
    EXPECT_EQ(last().plan.reason, policy::plan_reason::loaded);
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(recovering_exchange, replays_where_somebody_else_has_made_room_while_it_waited) {
    host.load("m70");
    host.occupy("m70", 10min);
    auto const& e = send("m60");
    until_it_waits();
    host.drop("m70");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.outcome(), outcome::recovered);
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(recovering_exchange, replays_no_more_often_than_it_is_told_to) {
    settings.recovery.cooldown = 0ms;
    host.refusal = verdict::insufficient_memory; // a refusal of the load would not count
    for (unsigned most = 0; most <= 5; ++most) {
        settings.recovery.max_replays = most;
        // Before each answer, another model is loaded again.
        if (host.ids().empty())
            host.load("m40");
        auto& e = send("m200");
        e.on_decision = [this](step) {
            if (host.ids().empty())
                host.load("m40");
        };
        finish();
        EXPECT_EQ(e.attempts(), 1 + most);
        EXPECT_TRUE(refused(e));
    }
}
