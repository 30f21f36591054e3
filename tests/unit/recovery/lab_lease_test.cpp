// The lease of a host, on a simulated host.
#include "support/scripted_lab.hpp"
#include "support/simulated_fixture.hpp"

#include <gmock/gmock.h>

namespace secondwind::test {
namespace lab_lease_test {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto ended_silent = "ended: it was silent for 30 s";
constexpr auto ended_late = "ended: it has not released the lease within lab.yield_timeout";

struct lab_lease : with_simulated_host {
    recovery::lab_lease& lease = recovery.lease;
    scripted_lab lab;
    scripted_lab second, third, late; // others
    bool talks = true;                // says "working" every 10 seconds

    // None waits for ever: what it has allocated would leak.
    void TearDown() override {
        talks = false;
        recovery.stop();
        for (auto& each : exchanges)
            if (!each.over())
                leave(each);
        EXPECT_TRUE(time.pass_until([this] {
            return recovery.at_rest() && std::ranges::all_of(exchanges, &simulated_exchange::over);
        }));
    }

    // Wants the lease of a host that nobody uses.
    void take(recovery::lab_lease::terms how = {}) {
        lease.want(lab, how);
        time.settle();
        ASSERT_TRUE(lab.has_it);
        talk();
    }
    void talk() {
        time.after(10s, [this] {
            if (!talks || !lab.has_it)
                return;
            lease.working(lab, "m10");
            talk();
        });
    }
    // What a lab does when it is told to yield, in that time.
    void yield(milliseconds span = 0ms) {
        time.pass(span);
        lab.has_it = false;
        lease.release(lab);
        time.settle();
    }
    // A load through the lab.
    void load(std::string const& model) {
        host.load(model);
        lease.loaded(lab, model);
    }
    static bool went(simulated_exchange const& e) { return e.attempts() > 0; }
};

TEST_F(lab_lease, is_granted_at_once_while_nobody_uses_the_host) {
    EXPECT_EQ(lease.held_now(), nullptr);
    take();
    EXPECT_THAT(lab.heard, ElementsAre("granted"));
    ASSERT_NE(lease.held_now(), nullptr);
    EXPECT_FALSE(lease.held_now()->wanted);
    yield();
    time.pass(1s);
    EXPECT_FALSE(lease.held());
}

TEST_F(lab_lease, waits_until_the_last_request_has_ended) {
    host.load("m40");
    keep_busy("m40", 5s);
    keep_busy("m40", 9s);
    lease.want(lab, {});
    time.pass(6s);
    EXPECT_THAT(lab.heard, IsEmpty());
    EXPECT_TRUE(lease.asked());
    time.pass(4s);
    EXPECT_THAT(lab.heard, ElementsAre("granted"));
}

TEST_F(lab_lease, lets_requests_pass_while_a_lab_only_waits) {
    host.load("m40");
    send(wish{.model = "m40", .rest = 5s});
    time.pass(1s);
    lease.want(lab, {});
    time.settle();
    auto const& e = send("m40");
    EXPECT_TRUE(went(e));
    EXPECT_FALSE(lab.has_it);
}

TEST_F(lab_lease, is_not_granted_while_a_recovery_runs) {
    host.load("m70");
    keep_busy("m70", 5s);
    auto& leader = send("m60");
    until_it_waits();
    leave(leader);
    lease.want(lab, {});
    time.settle();
    EXPECT_FALSE(lease.held());
    ASSERT_TRUE(time.pass_until([this] { return lab.has_it; }));
    EXPECT_FALSE(recovery.guard.recovering());
}

TEST_F(lab_lease, is_granted_once_the_last_one_that_waited_has_left) {
    host.load("m70");
    auto& busy = keep_busy("m70", 10min);
    auto& waits = send("m60");
    until_it_waits();
    lease.want(lab, {});
    leave(busy);
    leave(waits);
    ASSERT_TRUE(time.pass_until([this] { return lab.has_it; }, 2min));
}

TEST_F(lab_lease, has_all_requests_wait_and_says_for_which_models) {
    host.load("m40");
    settings.recovery.pinned = {"m10"};
    take();
    auto const& first = send("m40");
    auto const& pinned = send("m10");
    EXPECT_FALSE(went(first) || went(pinned));
    EXPECT_THAT(lab.heard, ElementsAre("granted", "wanted m40", "wanted m40 m10"));
    EXPECT_TRUE(lease.held_now()->wanted);
    yield(3s);
    finish();
    EXPECT_TRUE(healthy(first) && healthy(pinned));
}

TEST_F(lab_lease, says_of_a_request_without_a_name_that_it_waits) {
    take();
    send(wish{});
    EXPECT_THAT(lab.heard, ElementsAre("granted", "wanted "));
    yield();
    finish();
}

TEST_F(lab_lease, holds_requests_in_every_mode_and_leaves_none_behind) {
    for (auto const mode : {config::recovery_mode::off, config::recovery_mode::observe}) {
        settings.recovery.mode = mode;
        scripted_lab other;
        lease.want(other, {});
        time.settle();
        EXPECT_TRUE(other.has_it);
        EXPECT_FALSE(recovery.quiet());
        auto const& a = send("m40");
        auto const& b = send("m50");
        EXPECT_FALSE(went(a) || went(b));
        lease.release(other);
        time.pass(10ms);
        EXPECT_TRUE(went(a) && went(b)) << "nothing else holds them";
        EXPECT_TRUE(recovery.quiet());
        finish();
    }
}

TEST_F(lab_lease, is_not_quiet_while_it_is_held) {
    EXPECT_TRUE(recovery.quiet());
    take();
    EXPECT_FALSE(recovery.quiet());
    time.pass(3min);
    EXPECT_FALSE(recovery.quiet());
    yield();
    time.pass(2min);
    EXPECT_TRUE(recovery.quiet());
}

TEST_F(lab_lease, asks_an_exclusive_lab_for_the_host_only_after_the_busy_wait) {
    settings.recovery.busy_wait = 5min;
    take({.exclusive = true});
    auto const& e = send("m40");
    time.pass(5min - 1s);
    EXPECT_THAT(lab.heard, ElementsAre("granted"));
    time.pass(2s);
    EXPECT_THAT(lab.heard, ElementsAre("granted", "wanted m40"));
    yield();
    finish();
    EXPECT_TRUE(healthy(e));
}

TEST_F(lab_lease, does_not_ask_an_exclusive_lab_for_requests_that_have_left) {
    settings.recovery.busy_wait = 5min;
    take({.exclusive = true});
    auto& e = send("m40");
    time.pass(3min);
    leave(e);
    send("m50");
    time.pass(4min);
    EXPECT_THAT(lab.heard, ElementsAre("granted"));
    time.pass(2min);
    EXPECT_THAT(lab.heard, ElementsAre("granted", "wanted m50"));
    yield();
    finish();
}

TEST_F(lab_lease, is_lost_by_a_lab_that_is_silent_for_half_a_minute) {
    take();
    talks = false;
    load("m60");
    auto const& e = send("m70");
    time.pass(29s);
    EXPECT_FALSE(went(e));
    time.pass(2s);
    EXPECT_THAT(lab.heard, ElementsAre("granted", "wanted m70", ended_silent));
    EXPECT_THAT(host.unloads, ElementsAre("m60"));
    finish();
    EXPECT_TRUE(healthy(e));
}

TEST_F(lab_lease, is_kept_by_a_lab_that_says_that_it_works) {
    take();
    time.pass(1h);
    EXPECT_THAT(lab.heard, ElementsAre("granted"));
    EXPECT_EQ(lease.held_now()->working_on, "m10");
}

TEST_F(lab_lease, is_lost_by_a_lab_that_does_not_release_it_in_time) {
    settings.lab.yield_timeout = 2min;
    take();
    load("m60");
    time.pass(5min);
    auto const& e = send("m70");
    time.pass(2min - 1s);
    EXPECT_FALSE(went(e));
    time.pass(2s);
    EXPECT_THAT(lab.heard, ElementsAre("granted", "wanted m70", ended_late));
    EXPECT_THAT(host.unloads, ElementsAre("m60"));
    finish();
    EXPECT_TRUE(healthy(e));
}

TEST_F(lab_lease, unloads_what_a_dead_lab_has_named_and_what_it_was_loading) {
    host.load("m10");
    host.load("m10"); // "m10:2"
    take();
    time.pass(1s);
    load("m20");
    load("m40");
    lease.unloaded(lab, "m40"); // it says
    lease.working(lab, "m10");
    host.load("m10"); // the lab dies before it can say that this is its own
    lease.leave(lab, "its connection has ended");
    EXPECT_TRUE(lease.held());
    time.pass(1s);
    EXPECT_FALSE(lease.held());
    EXPECT_THAT(host.unloads, ElementsAre("m20", "m10:3"));
    EXPECT_THAT(host.ids(), testing::UnorderedElementsAre("m10", "m10:2", "m40"));
    EXPECT_THAT(lab.heard, ElementsAre("granted")) << "nobody is there to hear more";
}

TEST_F(lab_lease, opens_the_gate_when_what_a_dead_lab_has_loaded_is_gone) {
    host.takes.lingering = 500ms;
    take();
    load("m40");
    auto const& e = send("m40");
    lease.leave(lab, "its connection has ended");
    time.pass(300ms);
    EXPECT_FALSE(went(e));
    time.pass(1s);
    EXPECT_TRUE(went(e));
    finish();
    EXPECT_TRUE(healthy(e));
}

TEST_F(lab_lease, unloads_nothing_that_a_living_lab_leaves_loaded) {
    take();
    load("m60");
    yield();
    time.pass(1s);
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(lab_lease, opens_the_gate_even_where_the_host_does_not_unload) {
    take();
    load("m40");
    host.strikes = [](simulated_host::fault f) {
        return f == simulated_host::fault::unload_refused || f == simulated_host::fault::list_fails;
    };
    auto const& e = send("m50");
    lease.leave(lab, "its connection has ended");
    time.pass(1s);
    EXPECT_FALSE(lease.held());
    finish();
    EXPECT_TRUE(healthy(e));
}

TEST_F(lab_lease, knows_what_is_loaded_once_the_lab_has_given_the_host_back) {
    host.load("m40");
    take();
    time.pass(1s);
    host.drop("m40");
    host.load("m60");
    yield();
    time.pass(1s);
    EXPECT_TRUE(recovery.models.is_unloaded("m40"));
    EXPECT_FALSE(recovery.models.is_unloaded("m60"));
}

TEST_F(lab_lease, goes_from_one_lab_to_the_next) {
    take();
    lease.want(second, {});
    lease.want(third, {});
    time.pass(1min);
    EXPECT_THAT(second.heard, IsEmpty());
    lease.leave(second, "its connection has ended");
    yield();
    time.pass(1s);
    EXPECT_THAT(second.heard, IsEmpty());
    EXPECT_THAT(third.heard, ElementsAre("granted"));
    lease.release(lab); // it has it no more
    EXPECT_TRUE(lease.held());
}

TEST_F(lab_lease, lets_those_that_wait_go_before_the_next_lab) {
    take();
    lease.want(second, {});
    auto const& e = send(wish{.model = "m40", .first_byte = 5s});
    yield();
    time.pass(1s);
    EXPECT_TRUE(went(e));
    EXPECT_THAT(second.heard, IsEmpty());
    finish();
    time.pass(1s);
    EXPECT_THAT(second.heard, ElementsAre("granted"));
}

TEST_F(lab_lease, is_granted_after_the_time_for_which_the_host_is_to_be_quiet) {
    host.load("m40");
    lease.want(lab, {.quiet = 30s});
    time.pass(20s);
    keep_busy("m40", 5s); // until 25 s
    time.pass(34s);
    EXPECT_THAT(lab.heard, ElementsAre());
    time.pass(2s);
    EXPECT_THAT(lab.heard, ElementsAre("granted"));
}

TEST_F(lab_lease, has_a_recovery_wait_which_asks_for_the_host) {
    host.load("m70");
    take();
    time.pass(1s);
    recovery::trigger cause;
    cause.model = "m60";
    cause.verdict = policy::verdict::insufficient_memory;
    cause.after_commit = true;
    cause.refused = virtual_time::now();
    recovery.recoverer.start(cause, {});
    time.pass(5s);
    EXPECT_THAT(lab.heard, ElementsAre("granted", "wanted m60"));
    EXPECT_THAT(host.unloads, IsEmpty());
    yield();
    finish();
    EXPECT_THAT(host.unloads, ElementsAre("m70"));
}

TEST_F(lab_lease, ends_where_its_host_is_removed) {
    take();
    load("m60");
    lease.want(second, {});
    auto const& e = send("m70");
    lease.close("removed");
    EXPECT_THAT(lab.heard, ElementsAre("granted", "wanted m70", "ended: removed"));
    EXPECT_THAT(second.heard, ElementsAre("ended: removed"));
    EXPECT_FALSE(lease.at_rest());
    finish();
    EXPECT_TRUE(lease.at_rest());
    EXPECT_THAT(host.unloads, ElementsAre("m60"));
    EXPECT_TRUE(healthy(e));
    lease.want(late, {});
    EXPECT_THAT(late.heard, ElementsAre("ended: removed"));
}

TEST_F(lab_lease, ends_when_the_server_stops) {
    take();
    load("m60");
    send("m70");
    recovery.stop();
    finish();
    EXPECT_THAT(lab.heard, ElementsAre("granted", "wanted m70", "ended: secondwind stops"));
    EXPECT_FALSE(lease.held());
}

TEST_F(lab_lease, tells_its_observer_of_each_change) {
    std::vector<std::string> seen;
    lease.on_change([&] {
        auto const* const now = lease.held_now();
        seen.push_back(now == nullptr ? "free" : now->wanted ? "wanted" : "on " + now->working_on);
    });
    take();
    lease.working(lab, "m20");
    lease.working(lab, "m20");
    send("m40");
    yield();
    finish();
    EXPECT_THAT(seen, ElementsAre("on ", "on m20", "wanted", "free"));
}

} // namespace lab_lease_test
} // namespace secondwind::test
