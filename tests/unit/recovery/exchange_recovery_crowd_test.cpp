// How several exchanges share recoveries, on a simulated host.
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

struct exchange_recovery_crowd : with_simulated_host {
    // So that several requests for one model are refused at once.
    exchange_recovery_crowd() { settings.cold_load.gate = false; }

    // A recovery that waits for m70, which stays busy for two seconds.
    simulated_exchange& led(std::string model) {
        host.load("m70");
        keep_busy("m70", 2s);
        auto& leader = send(std::move(model));
        until_it_waits();
        return leader;
    }
};

} // namespace

TEST_F(exchange_recovery_crowd, leads_where_no_recovery_runs_and_joins_one_that_does) {
    host.load("m70");
    auto const& first = send("m60");
    auto const& second = send("m60");
    finish();
    EXPECT_TRUE(healthy(first) && healthy(second));
    EXPECT_THAT(steps, ElementsAre("x0 lead", "x1 join", "x0 relay", "x1 relay"));
    EXPECT_EQ(ledger.records().size(), 1U);
    EXPECT_EQ(last().joined, 1U);
    EXPECT_EQ(last().replays.size(), 2U);
}

TEST_F(exchange_recovery_crowd, unloads_nothing_for_a_late_refusal_of_what_is_loaded_by_now) {
    host.load("m70");
    auto const& early = send("m60");
    host.takes.error = 500ms; // so long that the recovery is over by then
    auto const& late = send("m60");
    finish();
    EXPECT_TRUE(healthy(early) && healthy(late));
    EXPECT_THAT(steps, ElementsAre("x0 lead", "x0 relay", "x1 lead", "x1 relay"));
    EXPECT_THAT(host.unloads, ElementsAre("m70"));
    EXPECT_EQ(last().plan.reason, policy::plan_reason::loaded);
    EXPECT_EQ(late.outcome(), outcome::recovered);
}

TEST_F(exchange_recovery_crowd, replays_at_once_what_a_recovery_has_cured_meanwhile) {
    host.load("m40");
    host.corrupt("m40");
    auto const& early = send("m40");
    host.takes.error = 500ms;
    auto const& late = send("m40");
    finish();
    EXPECT_TRUE(healthy(early) && healthy(late));
    EXPECT_THAT(steps, ElementsAre("x0 lead", "x0 relay", "x1 replay", "x1 relay"));
    EXPECT_THAT(host.unloads, ElementsAre("m40"));
    EXPECT_EQ(late.outcome(), outcome::recovered);
}

TEST_F(exchange_recovery_crowd, does_not_take_a_pinned_model_that_was_refused_for_loaded) {
    settings.recovery.pinned = {"m50"};
    host.takes.list = 2s; // nothing is known of the models before
    host.load("m70");
    send("m60");
    auto const& e = send("m50");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_LE(e.attempts(), 10U);
}

TEST_F(exchange_recovery_crowd, leads_another_where_the_last_one_has_not_helped) {
    host.load("m70");
    send("m60");
    host.takes.error = 50ms;
    auto const& late = send("m90");
    finish();
    EXPECT_TRUE(healthy(late));
    EXPECT_THAT(host.unloads, ElementsAre("m70", "m60"));
    EXPECT_EQ(ledger.records().size(), 2U);
}

TEST_F(exchange_recovery_crowd, holds_new_requests_until_it_is_over) {
    auto const& leader = led("m60");
    auto const& fresh = send("m10");
    EXPECT_EQ(fresh.attempts(), 0U);
    finish();
    EXPECT_TRUE(healthy(leader) && healthy(fresh));
    EXPECT_FALSE(fresh.met_recovery());
}

TEST_F(exchange_recovery_crowd, replays_the_leader_first_and_then_the_oldest) {
    host.load("m70");
    keep_busy("m70", 2s);
    for (int n = 0; n < 4; ++n)
        send("m60");
    until_waiting(4);
    auto const& fresh = send("m60");
    finish();
    EXPECT_EQ(fresh.attempts(), 1U);
    EXPECT_THAT(replayed, ElementsAre("x1", "x2", "x3", "x4"));
}

TEST_F(exchange_recovery_crowd, makes_room_for_one_model_after_the_other_where_both_do_not_fit) {
    host.load("m70");
    keep_busy("m70", 2s);
    auto const& leader = send("m60");
    auto const& other = send("m50");
    until_waiting(2);
    finish();
    EXPECT_TRUE(healthy(leader) && healthy(other));
    EXPECT_EQ(ledger.records().size(), 2U);
    EXPECT_THAT(host.ids(), ElementsAre("m50"));
}

TEST_F(exchange_recovery_crowd, admits_another_model_that_fits_beside_the_leaders) {
    host.load("m90");
    keep_busy("m90", 2s);
    auto const& leader = send("m40");
    auto const& other = send("m20");
    until_waiting(2);
    finish();
    EXPECT_TRUE(healthy(leader) && healthy(other));
    EXPECT_EQ(ledger.records().size(), 1U);
    EXPECT_THAT(host.ids(), ElementsAre("m40", "m20"));
}

TEST_F(exchange_recovery_crowd,
       has_all_that_were_refused_at_once_wait_for_no_longer_than_they_may) {
    settings.recovery.busy_wait = 1s;
    host.load("m70");
    keep_busy("m70", 5s);
    auto const& leader = send("m60");
    auto const& joiner = send("m60");
    ASSERT_TRUE(time.pass_until([&] { return leader.over() && joiner.over(); }));
    EXPECT_GE(time.elapsed(), 1s);
    EXPECT_LT(time.elapsed(), 1100ms);
    EXPECT_EQ(leader.outcome(), outcome::busy_timeout);
    EXPECT_EQ(joiner.outcome(), outcome::busy_timeout);
    finish();
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(exchange_recovery_crowd,
       leads_its_own_for_another_requirement_after_one_that_found_nothing) {
    host.load("m70");
    host.corrupt("m70");
    host.takes.list = 50ms;
    settings.recovery.pinned = {"m70"};
    auto const& hungry = send("m60");
    auto const& sick = send("m70");
    finish();
    EXPECT_EQ(hungry.outcome(), outcome::no_candidate);
    EXPECT_EQ(sick.outcome(), outcome::recovered);
    EXPECT_THAT(steps, ElementsAre("x0 lead", "x1 join", "x1 relay"));
}

TEST_F(exchange_recovery_crowd, goes_on_without_its_leader_while_another_waits) {
    host.load("m70");
    keep_busy("m70", 2s);
    auto& leader = send("m60");
    auto const& joiner = send("m60");
    until_waiting(2);
    leave(leader);
    finish();
    EXPECT_TRUE(healthy(joiner));
    EXPECT_EQ(last().replays.front().outcome, outcome::client_gone);
    EXPECT_EQ(last().outcome, outcome::recovered); // led by the other then
    EXPECT_EQ(joiner.outcome(), outcome::recovered);
    EXPECT_EQ(ledger.records().size(), 1U);
}

TEST_F(exchange_recovery_crowd, ends_without_its_leader_where_no_other_waits) {
    auto& leader = led("m60");
    auto const& fresh = send("m70"); // waits, but not for what is unloaded
    leave(leader);
    EXPECT_TRUE(leader.over());
    ASSERT_TRUE(time.pass_until([this] { return !recovery.guard.recovering(); }, 100ms));
    EXPECT_EQ(last().outcome, outcome::client_gone);
    finish();
    EXPECT_TRUE(healthy(fresh));
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(exchange_recovery_crowd, forgets_a_joiner_that_has_left) {
    host.load("m70");
    keep_busy("m70", 2s);
    auto const& leader = send("m60");
    auto& joiner = send("m60");
    until_waiting(2);
    leave(joiner);
    EXPECT_TRUE(joiner.over());
    EXPECT_EQ(recovery.waiting(), 1U);
    finish();
    EXPECT_TRUE(healthy(leader));
    ASSERT_EQ(last().replays.size(), 2U);
    EXPECT_EQ(last().replays.front().outcome, outcome::client_gone);
}

TEST_F(exchange_recovery_crowd, unloads_nothing_more_once_its_leader_has_left) {
    host.load("m40");
    host.load("m50");
    auto& leader = send("m60");
    until_asked_to_unload("m40");
    leave(leader);
    finish();
    EXPECT_THAT(host.unloads, ElementsAre("m40"));
    EXPECT_EQ(last().outcome, outcome::client_gone);
}

TEST_F(exchange_recovery_crowd, turns_new_requests_away_where_too_many_wait) {
    settings.limits.recovery_waiters = 2;
    auto const& leader = led("m60");
    auto const& second = send("m10");
    auto const& third = send("m10");
    EXPECT_TRUE(third.over());
    EXPECT_EQ(third.from(), simulated_exchange::answered_by::proxy);
    EXPECT_EQ(third.attempts(), 0U);
    finish();
    EXPECT_TRUE(healthy(leader) && healthy(second));
}

TEST_F(exchange_recovery_crowd, relays_an_error_where_too_many_wait_for_its_cure) {
    settings.limits.recovery_waiters = 1;
    host.load("m70");
    keep_busy("m70", 2s);
    send("m60");
    auto const& second = send("m60");
    finish();
    EXPECT_TRUE(refused(second));
    EXPECT_EQ(second.attempts(), 1U);
}

TEST_F(exchange_recovery_crowd, replays_one_that_fits_since_another_had_everything_unloaded) {
    host.load("m70");
    keep_busy("m70", 1s);
    auto const& too_large = send("m200");
    auto const& fits = send("m60");
    auto const& alike = send("m60");
    until_waiting(3);
    finish();
    EXPECT_TRUE(refused(too_large));
    EXPECT_TRUE(healthy(fits) && healthy(alike));
    EXPECT_EQ(fits.outcome(), outcome::recovered);
}

TEST_F(exchange_recovery_crowd, recovers_nothing_for_one_that_waited_for_what_fits_nowhere) {
    settings.cold_load.gate = true;
    host.load("m90");
    auto const& first = send("m200");
    auto const& second = send("m200");
    finish();
    EXPECT_EQ(first.outcome(), outcome::replay_failed);
    EXPECT_TRUE(refused(second));
    EXPECT_EQ(second.outcome(), outcome::futile);
    EXPECT_EQ(second.attempts(), 1U);
    EXPECT_EQ(ledger.records().size(), 1U);
}
