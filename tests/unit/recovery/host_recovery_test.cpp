// Which requests go to their host now, on a simulated host.
#include "support/simulated_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using recovery::outcome;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

struct host_recovery_admission : with_simulated_host {
    // A recovery that waits for m70, which stays busy for so long.
    simulated_exchange& wait_for_m70(milliseconds span, std::string model = "m60") {
        host.load("m70");
        keep_busy("m70", span);
        auto& leader = send(std::move(model));
        until_it_waits();
        return leader;
    }
    // It has been sent.
    static bool went(simulated_exchange const& e) { return e.attempts() > 0; }
};

} // namespace

TEST_F(host_recovery_admission, is_quiet_until_something_goes_on_and_a_minute_after_that) {
    EXPECT_TRUE(recovery.quiet());
    host.load("m70");
    send("m60");
    finish();
    EXPECT_FALSE(recovery.quiet());
    time.pass(61s);
    EXPECT_TRUE(recovery.quiet());
}

TEST_F(host_recovery_admission, is_quiet_unless_a_request_without_output_may_be_loading_a_model) {
    host.load("m40");
    auto const& e = send(wish{.model = "m40", .first_byte = 1s, .rest = 1s});
    EXPECT_FALSE(recovery.quiet());
    settings.cold_load.gate = false;
    EXPECT_TRUE(recovery.quiet());
    settings.cold_load.gate = true;
    ASSERT_TRUE(time.pass_until([&] { return e.committed(); }));
    EXPECT_TRUE(recovery.quiet());
    finish();
}

TEST_F(host_recovery_admission, is_always_quiet_where_recovery_is_not_on) {
    for (auto const mode : {config::recovery_mode::off, config::recovery_mode::observe}) {
        settings.recovery.mode = mode;
        settings.recovery.turns = policy::turns::on;
        send(wish{.model = "m40", .first_byte = 1s});
        EXPECT_TRUE(recovery.quiet());
        finish();
    }
}

TEST_F(host_recovery_admission, reads_no_body_while_it_is_quiet) {
    auto const before = lmstudio::requested_model::bytes_read();
    host.load("m40");
    send("m40");
    finish();
    EXPECT_EQ(lmstudio::requested_model::bytes_read(), before);
}

TEST_F(host_recovery_admission, has_followers_wait_until_the_first_of_them_has_loaded_the_model) {
    host.duplicates = true;
    auto const& first = send("m40");
    auto const& second = send("m40");
    auto const& third = send("m40");
    EXPECT_TRUE(went(first));
    EXPECT_FALSE(went(second) || went(third));
    finish();
    EXPECT_TRUE(healthy(first) && healthy(second) && healthy(third));
    EXPECT_EQ(host.counts.loads, 1U);
    EXPECT_THAT(host.ids(), ElementsAre("m40"));
}

// By then the models have been listed for those who wait.
TEST_F(host_recovery_admission, has_one_that_comes_during_the_load_wait_as_well) {
    host.duplicates = true;
    host.takes.load = 5s;
    send("m60");
    send("m60");
    time.pass(1s);
    send("m60");
    EXPECT_EQ(recovery.waiting(), 2U);
    finish();
    EXPECT_EQ(host.counts.loads, 1U);
}

TEST_F(host_recovery_admission, has_a_follower_take_the_lead_of_one_that_has_left) {
    host.duplicates = true;
    host.takes.load = 5s;
    auto& first = send("m40");
    auto const& second = send("m40");
    time.pass(1s);
    EXPECT_FALSE(went(second));
    leave(first);
    finish();
    EXPECT_TRUE(healthy(second));
}

TEST_F(host_recovery_admission, lets_all_followers_go_where_the_gate_for_cold_loads_is_off) {
    settings.cold_load.gate = false;
    host.duplicates = true;
    send("m40");
    auto const& second = send("m40");
    EXPECT_TRUE(went(second));
    finish();
    EXPECT_EQ(host.counts.loads, 2U);
}

TEST_F(host_recovery_admission, holds_requests_for_targets_while_a_recovery_waits) {
    wait_for_m70(5s);
    auto const& target = send("m70");
    EXPECT_FALSE(went(target));
    finish();
    EXPECT_TRUE(healthy(target));
}

TEST_F(host_recovery_admission, lets_requests_for_targets_pass_once_the_window_has_ended) {
    wait_for_m70(2min);
    auto const& target = send(wish{.model = "m70", .first_byte = 1s});
    time.pass(29s);
    EXPECT_FALSE(went(target));
    time.pass(2s);
    EXPECT_TRUE(went(target));
    finish();
    EXPECT_EQ(host.counts.cut, 0U);
}

TEST_F(host_recovery_admission, holds_no_target_where_gate_wait_is_zero) {
    settings.recovery.gate_wait = 0ms;
    wait_for_m70(5s);
    EXPECT_TRUE(went(send("m70")));
    finish();
}

TEST_F(host_recovery_admission, lets_requests_pass_whose_model_is_loaded_and_no_target) {
    host.load("m10");
    keep_busy("m10", 10s);
    wait_for_m70(5s, "m40");
    EXPECT_TRUE(went(send("m10")));
    finish();
}

TEST_F(host_recovery_admission, lets_requests_for_a_pinned_instance_pass) {
    settings.recovery.pinned = {"m10"};
    host.load("m10");
    wait_for_m70(5s, "m90");
    EXPECT_TRUE(went(send("m10")));
    finish();
}

TEST_F(host_recovery_admission, has_requests_for_models_that_are_not_loaded_stand_in_line) {
    auto const& leader = wait_for_m70(5s);
    auto const& other = send("m20");
    time.pass(1s);
    EXPECT_FALSE(went(other));
    finish();
    EXPECT_TRUE(healthy(leader) && healthy(other));
    EXPECT_EQ(other.attempts(), 1U);
    EXPECT_FALSE(other.met_recovery());
}

TEST_F(host_recovery_admission, lets_a_crumb_of_the_need_pass_while_a_recovery_waits) {
    host.load("m40");
    host.load("m50");
    keep_busy("m50", 5s);
    keep_busy("m40", 5s);
    auto const& leader = send("m200"); // 10 is less than a tenth of it
    until_it_waits();
    auto const& crumb = send("m10");
    auto const& other = send("m60");
    EXPECT_TRUE(went(crumb));
    EXPECT_FALSE(went(other));
    finish();
    EXPECT_TRUE(healthy(crumb) && healthy(other));
    EXPECT_TRUE(refused(leader));
}

TEST_F(host_recovery_admission, has_one_of_several_crumbs_load_their_model) {
    host.duplicates = true;
    host.takes.list = 100ms; // so that they come before the plan
    host.load("m40");
    host.load("m50");
    keep_busy("m50", 5s);
    keep_busy("m40", 5s);
    send("m200"); // 10 is less than a tenth of it
    time.pass(50ms);
    for (int i = 0; i < 3; ++i)
        send("m10");
    until_it_waits();
    time.pass(1s);
    EXPECT_EQ(host.counts.loads, 1U);
    EXPECT_EQ(host.counts.refusals, 1U); // of the leader: a second one would not fit
    finish();
}

// They would be refused again at once, and so on until it is over.
TEST_F(host_recovery_admission, keeps_refused_ones_waiting_though_its_models_are_forgotten) {
    settings.cold_load.gate = false;
    send("m200");
    auto const& second = send("m200");
    time.pass(100ms);
    recovery.models.forget();
    finish();
    EXPECT_LE(second.attempts(), 2U);
}

TEST_F(host_recovery_admission, sends_the_line_whose_oldest_request_is_oldest_first) {
    std::vector<std::string> loads;
    host.on_load = [&loads](std::string const& model) { loads.push_back(model); };
    wait_for_m70(5s, "m90");
    for (auto const* model : {"m20", "m40", "m20", "m10"})
        send(model);
    finish();
    EXPECT_THAT(loads, ElementsAre("m90", "m20", "m40", "m10"));
    for (auto const& e : exchanges)
        EXPECT_TRUE(healthy(e)) << e.sent().id;
}

TEST_F(host_recovery_admission, keeps_what_was_loaded_a_moment_ago_while_requests_for_it_come) {
    settings.recovery.residency = 20s;
    host.load("m70");
    send("m60");
    finish();
    auto const& other = send("m50"); // does not fit beside m60
    for (int n = 0; n < 8; ++n) {
        time.pass(1s);
        auto const& coming = send("m60");
        EXPECT_TRUE(went(coming)) << n;
    }
    EXPECT_FALSE(other.over());
    finish();
    EXPECT_TRUE(healthy(other));
    EXPECT_GE(time.elapsed(), 10s);
    EXPECT_LT(time.elapsed(), 20s); // no request for it came any more
    EXPECT_EQ(host.counts.cut, 0U);
}

TEST_F(host_recovery_admission, keeps_nothing_where_residency_is_zero) {
    settings.recovery.residency = 0ms;
    host.load("m70");
    send("m60");
    finish();
    auto const& other = send("m50");
    ASSERT_TRUE(time.pass_until([&] { return other.over(); }, 1s));
    EXPECT_TRUE(healthy(other));
    finish();
}

TEST_F(host_recovery_admission, takes_turns_once_the_host_was_seen_to_evict_by_itself) {
    host.auto_evict = true;
    auto const& first = send(wish{.model = "m40", .first_byte = 5s, .rest = 5s});
    time.pass(1s);
    EXPECT_FALSE(recovery.takes_turns());
    auto const& second = send("m50");
    time.pass(10ms);
    EXPECT_TRUE(recovery.evicts_by_itself());
    EXPECT_TRUE(recovery.takes_turns());
    auto const cut = host.counts.cut;
    finish();
    EXPECT_TRUE(healthy(first) && healthy(second));
    EXPECT_EQ(host.counts.cut, cut);
}

TEST_F(host_recovery_admission, cuts_no_generation_off_where_it_takes_turns) {
    settings.recovery.turns = policy::turns::on;
    host.auto_evict = true;
    for (int n = 0; n < 3; ++n) {
        send(wish{.model = "m40", .first_byte = 1s, .rest = 1s});
        send(wish{.model = "m50", .first_byte = 1s, .rest = 1s});
        time.pass(500ms);
    }
    finish();
    EXPECT_EQ(host.counts.cut, 0U);
    EXPECT_LE(host.counts.loads, 4U);
    for (auto const& e : exchanges)
        EXPECT_TRUE(healthy(e)) << e.sent().id;
}

TEST_F(host_recovery_admission, takes_no_turns_where_it_is_told_not_to) {
    settings.recovery.turns = policy::turns::off;
    host.auto_evict = true;
    send(wish{.model = "m40", .first_byte = 5s});
    time.pass(1s);
    EXPECT_TRUE(went(send("m50")));
    time.pass(10ms);
    EXPECT_TRUE(recovery.evicts_by_itself());
    EXPECT_FALSE(recovery.takes_turns());
    finish();
}

TEST_F(host_recovery_admission, learns_nothing_of_a_model_whose_context_was_named) {
    using enum policy::context_choice;
    wish const large{.model = "m200", .context = named};
    host.load("m40");
    send(large);
    finish();
    EXPECT_TRUE(recovery.is_futile("m200", named));
    EXPECT_FALSE(recovery.is_futile("m200", open));
    EXPECT_EQ(recovery.bounds.least_refused_alone(virtual_time::now()), std::nullopt);
    host.load("m50");
    auto const& again = send(large);
    finish();
    EXPECT_EQ(again.outcome(), recovery::outcome::futile);
    EXPECT_THAT(host.unloads, testing::ElementsAre("m40"));
    send("m200");
    finish();
    EXPECT_THAT(host.unloads, testing::ElementsAre("m40", "m50"));
    EXPECT_TRUE(recovery.is_futile("m200", open));
    EXPECT_TRUE(recovery.is_futile("m200", fixed));
}

TEST_F(host_recovery_admission, forgets_refusals_when_the_settings_change) {
    host.load("m40");
    send("m200");
    finish();
    EXPECT_FALSE(recovery.oversized.empty());
    recovery.forget_refusals();
    EXPECT_TRUE(recovery.oversized.empty());
    EXPECT_EQ(recovery.bounds.most_loaded(virtual_time::now()), std::nullopt);
}
