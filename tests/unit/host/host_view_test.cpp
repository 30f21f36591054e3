// What is known about a host, with a scripted host and a virtual clock.
#include "support/changeable_settings.hpp"
#include "support/log_file.hpp"
#include "support/virtual_time.hpp"

#include <secondwind/host/host_control.hpp>
#include <secondwind/host/host_view.hpp>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <stdexcept>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using host::host_state;
using lmstudio::activity;
using recovery::contact;

namespace {

class told_host final : public recovery::control {
public:
    explicit told_host(virtual_time& time) : time_{time} {}

    std::chrono::milliseconds takes{10};
    listing next{lmstudio::inventory{{"a", "a", 5}}, {{"b", 7}}, {}, contact::answered};
    activity doing = activity::unknown;
    std::int64_t last_used = 0;
    std::optional<std::string> version_text;
    bool throws = false;
    int lists = 0, activities = 0, versions = 0;

    net::task<listing> list(std::string) override {
        ++lists;
        virtual_time::sleep coming{time_, takes};
        co_await coming;
        if (throws)
            throw std::runtime_error{"no memory"};
        co_return next;
    }
    net::task<lmstudio::inventory> with_activity(lmstudio::inventory loaded, std::string) override {
        ++activities;
        virtual_time::sleep coming{time_, takes};
        co_await coming;
        for (auto& each : loaded) {
            each.doing = doing;
            each.last_used_ms = last_used;
        }
        co_return loaded;
    }
    net::task<std::optional<std::string>> version() override {
        ++versions;
        virtual_time::sleep coming{time_, takes};
        co_await coming;
        co_return version_text;
    }
    net::task<unloading> unload(std::string, std::string) override { co_return unloading{}; }
    net::task<load_answer> load(std::string, std::int64_t, std::string) override {
        co_return load_answer{};
    }
    net::task<references> list_references(std::string) override { co_return references{}; }
    net::task<description> describe(lmstudio::listed_instance, std::string) override {
        co_return description{};
    }
    net::task<reload_answer> load_again(lmstudio::load_description, std::string,
                                        net::cancellation&) override {
        co_return reload_answer{};
    }

private:
    virtual_time& time_;
};

struct host_view : testing::Test {
    host_view() {
        view.on_change([this] { ++changes; });
    }
    ~host_view() override {
        view.stop();
        time.pass(1min);
    }

    // One that looks; how many have is counted.
    void look(std::chrono::milliseconds max_age = 0ms) {
        auto const ask = [](host_view& t, std::chrono::milliseconds age) -> net::task<void> {
            co_await t.view.refresh(age);
            ++t.looked;
        };
        net::spawn(ask(*this, max_age));
        time.settle();
    }
    void look_and_wait(std::chrono::milliseconds max_age = 0ms) {
        auto const before = looked;
        look(max_age);
        ASSERT_TRUE(time.pass_until([&] { return looked > before; }));
    }
    void fails(contact how, std::string why) { host.next = {{}, {}, std::move(why), how}; }
    host::failure refused() const {
        host::failure how;
        how.kind = host::fault::connect;
        how.cause = boost::asio::error::connection_refused;
        return how;
    }

    boost::asio::io_context io;
    virtual_time time{io};
    test::changeable_settings in_force;
    config::settings& settings = in_force.values();
    told_host host{time};
    host::host_view view{"host", io, time.deadlines(), host, in_force};
    int changes = 0;
    int looked = 0;
};

} // namespace

TEST_F(host_view, knows_nothing_before_it_is_asked_for) {
    time.pass(1h);
    EXPECT_EQ(view.health().state(), host_state::unknown);
    EXPECT_FALSE(view.listed());
    EXPECT_FALSE(view.version());
    EXPECT_EQ(view.listing_error(), "");
    EXPECT_EQ(host.lists, 0);
    EXPECT_EQ(changes, 0);
}

TEST_F(host_view, counts_what_is_loaded_and_unloaded_between_its_lists) {
    look();
    time.pass(1s);
    EXPECT_TRUE(view.changes().by_model().empty()) << "the first list is no change";
    host.next.instances = lmstudio::inventory{{"b", "b", 7}};
    look();
    time.pass(1s);
    EXPECT_EQ(view.changes().by_model().at("a").unloads, 1U);
    EXPECT_EQ(view.changes().by_model().at("b").loads, 1U);
}

TEST_F(host_view, is_silent_until_it_has_answered_or_failed) {
    auto const ask = [](host_view& t) -> net::task<void> {
        co_await t.view.ask_after_silence();
        ++t.looked;
    };
    host.takes = 5s; // longer than a look waits
    net::spawn(ask(*this));
    net::spawn(ask(*this)); // one question at a time
    time.settle();
    EXPECT_EQ(looked, 1);
    EXPECT_TRUE(view.silent());
    time.pass(4s);
    EXPECT_TRUE(view.silent());
    ASSERT_TRUE(time.pass_until([this] { return looked == 2; }));
    EXPECT_FALSE(view.silent());
    EXPECT_EQ(host.lists, 1);

    fails(contact::no_answer, "silent");
    net::spawn(ask(*this));
    ASSERT_TRUE(time.pass_until([this] { return looked == 3; }));
    EXPECT_FALSE(view.silent());
    EXPECT_EQ(view.health().state(), host_state::down);
}

TEST_F(host_view, lists_and_asks_who_is_busy_and_for_the_version) {
    host.doing = activity::busy;
    host.version_text = "0.4.5";
    look_and_wait();
    EXPECT_TRUE(view.health().up());
    ASSERT_TRUE(view.listed());
    EXPECT_EQ(view.listed()->instances, (lmstudio::inventory{{"a", "a", 5, 0, activity::busy}}));
    EXPECT_EQ(view.listed()->unloaded, (std::vector<lmstudio::model_on_disk>{{"b", 7}}));
    EXPECT_EQ(view.version(), "0.4.5");
    EXPECT_GT(changes, 0);
}

TEST_F(host_view, asks_again_only_past_the_age_that_one_accepts) {
    look_and_wait(2s);
    look_and_wait(2s);
    EXPECT_EQ(host.lists, 1);
    time.pass(2s);
    look_and_wait(2s);
    EXPECT_EQ(host.lists, 2);
    look_and_wait(0ms);
    EXPECT_EQ(host.lists, 3);
    fails(contact::unreachable, "refused");
    look_and_wait(0ms);
    look_and_wait(2s); // one that failed was asked all the same
    EXPECT_EQ(host.lists, 4);
}

TEST_F(host_view, asks_once_for_all_that_look_at_once) {
    for (int i = 0; i < 5; ++i)
        look();
    EXPECT_EQ(looked, 0);
    ASSERT_TRUE(time.pass_until([&] { return looked == 5; }));
    EXPECT_EQ(host.lists, 1);
    EXPECT_EQ(host.activities, 1);
}

TEST_F(host_view, waits_two_seconds_and_keeps_what_comes_later) {
    host.takes = 5s;
    look();
    ASSERT_TRUE(time.pass_until([&] { return looked == 1; }, 2100ms));
    EXPECT_EQ(view.listing_error(), "it did not list its models within 2s");
    EXPECT_EQ(view.health().state(), host_state::unknown);
    EXPECT_FALSE(view.listed());
    look(); // joins the one that runs
    ASSERT_TRUE(time.pass_until([&] { return view.listed().has_value(); }, 4s));
    EXPECT_EQ(host.lists, 1);
    EXPECT_EQ(view.listing_error(), "");
    EXPECT_TRUE(view.health().up());
}

TEST_F(host_view, has_a_listing_without_error_where_only_the_activity_is_late) {
    host.takes = 1500ms;
    look_and_wait();
    EXPECT_TRUE(view.listed());
    EXPECT_EQ(view.listing_error(), "");
}

TEST_F(host_view, tells_only_what_has_changed) {
    host.doing = activity::idle;
    look_and_wait();
    auto const first = changes;
    host.last_used = 5;
    look_and_wait();
    EXPECT_EQ(changes, first);
    EXPECT_EQ(view.listed()->instances.front().last_used_ms, 5);
    host.last_used = host.next.instances->front().last_used_ms = 9; // an older host lists it, too
    look_and_wait();
    EXPECT_EQ(changes, first);
    EXPECT_EQ(view.listed()->instances.front().last_used_ms, 9);
    host.doing = activity::busy;
    look_and_wait();
    EXPECT_EQ(changes, first + 1);
    host.next.instances->push_back({"a:2", "a", 5});
    host.next.unloaded.push_back({"c", 1});
    look_and_wait();
    auto const second = changes;
    EXPECT_GT(second, first + 1);
    std::swap(host.next.instances->front(), host.next.instances->back());
    std::swap(host.next.unloaded.front(), host.next.unloaded.back());
    look_and_wait();
    EXPECT_EQ(changes, second); // another order is nothing new
    host.next.unloaded.pop_back();
    look_and_wait();
    EXPECT_EQ(changes, second + 1);
    host.next.instances->front().parallel = 4;
    look_and_wait();
    EXPECT_EQ(changes, second + 2);
}

TEST_F(host_view, tells_every_listener) {
    int others = 0;
    view.on_change([&] { ++others; });
    look_and_wait();
    EXPECT_GT(others, 0);
    EXPECT_EQ(others, changes);
}

TEST_F(host_view, asks_for_the_version_once_for_each_time_that_the_host_is_up) {
    host.version_text = "0.4.5";
    look_and_wait();
    look_and_wait();
    EXPECT_EQ(host.versions, 1);
    view.on_connect(refused());
    EXPECT_FALSE(view.version());
    host.version_text = "0.4.6";
    look_and_wait();
    EXPECT_EQ(view.version(), "0.4.6");
    EXPECT_EQ(host.versions, 2);
}

TEST_F(host_view, tells_a_change_of_the_version) {
    look_and_wait();
    auto const before = changes;
    host.version_text = "0.4.5";
    look_and_wait();
    EXPECT_EQ(changes, before + 1);
}

TEST_F(host_view, is_down_when_the_host_takes_no_connection) {
    look_and_wait();
    fails(contact::unreachable, "the connection failed");
    look_and_wait();
    EXPECT_EQ(view.health().state(), host_state::down);
    EXPECT_EQ(view.health().reason(), "the connection failed");
    EXPECT_EQ(view.listing_error(), "the connection failed");
    EXPECT_TRUE(view.listed()); // as it was
}

TEST_F(host_view, is_down_when_the_host_does_not_answer_in_time) {
    settings.recovery.list_timeout = 1s;
    host.takes = 1s;
    fails(contact::no_answer, "it did not answer in time");
    look_and_wait();
    EXPECT_EQ(view.health().state(), host_state::down);
    EXPECT_EQ(view.health().reason(), "it did not answer within 1s");
    EXPECT_EQ(host.activities, 0);
    EXPECT_EQ(host.versions, 0);
}

TEST_F(host_view, is_down_when_the_host_closes_without_an_answer) {
    fails(contact::no_answer, "it closed the connection before answering");
    look_and_wait();
    EXPECT_EQ(view.health().reason(), "it closed the connection before answering");
}

TEST_F(host_view, is_up_without_a_listing_when_the_answer_is_none) {
    host.version_text = "0.3.9";
    fails(contact::answered, "it requires an API token");
    look_and_wait();
    EXPECT_TRUE(view.health().up());
    EXPECT_FALSE(view.listed());
    EXPECT_EQ(view.listing_error(), "it requires an API token");
    EXPECT_EQ(host.activities, 0);
    EXPECT_EQ(view.version(), "0.3.9");
}

TEST_F(host_view, logs_once_that_no_recovery_can_work_on_a_host_that_is_up) {
    log_file const log;
    for (int times = 0; times < 2; ++times) {
        fails(contact::answered, "it requires an API token");
        look_and_wait();
    }
    auto const lines = log.lines("recovery_unavailable");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines.front().at("level"), "warn");
    EXPECT_EQ(lines.front().at("host"), "host");
    EXPECT_EQ(lines.front().at("reason"), "it requires an API token");
}

TEST_F(host_view, logs_nothing_where_a_host_that_has_listed_fails_once) {
    log_file const log;
    look_and_wait();
    fails(contact::answered, "it has a hiccup");
    look_and_wait();
    EXPECT_TRUE(log.lines("recovery_unavailable").empty());
}

TEST_F(host_view, calls_recovery_unavailable_only_where_the_host_has_said_so) {
    fails(contact::answered, "it requires an API token");
    look_and_wait();
    EXPECT_EQ(view.recovery_unavailable(), "it requires an API token");
    view.on_connect(refused());
    EXPECT_EQ(view.recovery_unavailable(), "");

    view.on_connect({}); // it is up, and its listing is late
    host.next = {lmstudio::inventory{}, {}, {}, contact::answered};
    host.takes = 5s;
    look();
    ASSERT_TRUE(time.pass_until([&] { return looked == 2; }, 2100ms));
    EXPECT_TRUE(view.health().up());
    EXPECT_NE(view.listing_error(), "");
    EXPECT_EQ(view.recovery_unavailable(), "");
    ASSERT_TRUE(time.pass_until([&] { return view.listed().has_value(); }, 4s));
    EXPECT_EQ(view.recovery_unavailable(), "");
}

TEST_F(host_view, tells_that_unloads_are_forbidden_until_one_is_permitted) {
    using lmstudio::unload_result;
    log_file const log;
    look_and_wait();
    view.note(recovery::control::unloading{unload_result::refused, "status 500", false});
    EXPECT_EQ(view.recovery_unavailable(), "");
    auto const before = changes;
    for (int times = 0; times < 2; ++times)
        view.note(
            recovery::control::unloading{unload_result::refused, "it refused the token", true});
    EXPECT_EQ(view.recovery_unavailable(), "it does not permit unloads: it refused the token");
    EXPECT_EQ(changes, before + 1);
    EXPECT_EQ(log.lines("recovery_unavailable").size(), 1U);
    look_and_wait(); // a listing says nothing about it
    EXPECT_NE(view.recovery_unavailable(), "");
    view.note(recovery::control::unloading{unload_result::unloaded, {}, false});
    EXPECT_EQ(view.recovery_unavailable(), "");
    EXPECT_EQ(changes, before + 2);
    view.note(recovery::control::unloading{unload_result::refused, "it refused the token", true});
    view.token_changed();
    EXPECT_EQ(view.recovery_unavailable(), "");
}

TEST_F(host_view, learns_nothing_from_a_listing_that_was_given_up) {
    look_and_wait();
    auto const before = changes;
    fails(contact::none, "the request was cancelled");
    look_and_wait();
    EXPECT_TRUE(view.health().up());
    EXPECT_EQ(view.listing_error(), "");
    EXPECT_EQ(changes, before);
}

TEST_F(host_view, survives_a_control_that_throws) {
    host.throws = true;
    look_and_wait();
    EXPECT_EQ(view.listing_error(), "no memory");
    host.throws = false;
    look_and_wait();
    EXPECT_EQ(view.listing_error(), "");
}

TEST_F(host_view, sees_each_connect) {
    view.on_connect({});
    EXPECT_TRUE(view.health().up());
    EXPECT_EQ(changes, 1);
    view.on_connect({});
    EXPECT_EQ(changes, 1);
    view.on_connect(refused());
    EXPECT_EQ(view.health().state(), host_state::down);
    EXPECT_EQ(view.health().reason(), "the connection failed (Connection refused)");
    EXPECT_EQ(changes, 2);
    view.on_connect({});
    EXPECT_TRUE(view.health().up());
    EXPECT_EQ(changes, 3);
    EXPECT_EQ(host.lists, 0);
}

TEST_F(host_view, tells_when_requests_begin_to_leave_the_host_alone) {
    log_file log;
    settings.upstreams.resize(2);
    settings.upstreams[1].name = "other";
    EXPECT_EQ(view.resting_until(), std::nullopt);
    view.on_connect(refused());
    auto const before = changes;
    auto const until = view.resting_until();
    ASSERT_TRUE(until);
    EXPECT_GT(*until, std::chrono::system_clock::now());
    EXPECT_LE(*until, std::chrono::system_clock::now() + 2s);
    view.on_connect(refused()); // at the same time as the first
    EXPECT_EQ(changes, before);
    time.pass(2s);
    EXPECT_EQ(view.resting_until(), std::nullopt);
    view.on_connect(refused());
    EXPECT_EQ(changes, before + 1) << "it is down as before, but rests again";
    view.on_connect({});
    EXPECT_EQ(view.resting_until(), std::nullopt);
    auto const lines = log.lines("host_rests");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0]["host"], "host");
    EXPECT_EQ(lines[0]["rest_s"], 2);
    EXPECT_EQ(lines[0]["reason"], describe(refused()));
    EXPECT_EQ(lines[1]["rest_s"], 4);
}

TEST_F(host_view, does_not_rest_where_no_other_host_could_be_used) {
    log_file log;
    view.on_connect(refused());
    EXPECT_EQ(view.resting_until(), std::nullopt);
    EXPECT_TRUE(log.lines("host_rests").empty());
    settings.upstreams.resize(2);
    settings.upstreams[1].name = "other";
    settings.routing.mode = config::routing_mode::host;
    EXPECT_EQ(view.resting_until(), std::nullopt);
}

TEST_F(host_view, forgets_what_went_wrong_when_the_host_is_seen_to_be_up) {
    auto const good = host.next;
    fails(contact::unreachable, "refused");
    look_and_wait();
    view.on_connect({});
    EXPECT_EQ(view.listing_error(), "");
    host.next = good;
    look_and_wait(1h); // what was asked while it was down does not count
    EXPECT_TRUE(view.listed());
}

TEST_F(host_view, does_not_take_a_connection_for_an_answer_while_it_lists) {
    look();
    view.on_connect({});
    EXPECT_EQ(view.health().state(), host_state::unknown);
    ASSERT_TRUE(time.pass_until([&] { return looked == 1; }));
    EXPECT_TRUE(view.health().up());
    fails(contact::no_answer, "it did not answer in time");
    look_and_wait();
    view.on_connect({}); // nor afterwards of one that hangs
    EXPECT_EQ(view.health().state(), host_state::down);
}

TEST_F(host_view, lets_a_host_rest_that_hangs_until_it_answers) {
    auto const good = host.next;
    auto const rests = [this] { return view.rest().lasts(time.deadlines().now()); };
    look_and_wait();
    EXPECT_FALSE(rests());
    fails(contact::no_answer, "it did not answer in time");
    look_and_wait();
    EXPECT_TRUE(rests());
    view.on_connect({}); // its kernel accepts connections
    EXPECT_TRUE(rests());
    host.next = good;
    look_and_wait();
    EXPECT_FALSE(rests());
}

TEST_F(host_view, asks_again_after_the_host_was_down) {
    look_and_wait();
    view.on_connect(refused());
    look_and_wait(1h); // before anything has reached it again
    EXPECT_EQ(host.lists, 2);
}

TEST_F(host_view, learns_from_what_others_ask) {
    host::observed_control through{host, view};
    auto const ask = [](recovery::control& over, bool& done) -> net::task<void> {
        auto listed = co_await over.list({});
        auto const loaded = co_await over.with_activity(std::move(*listed.instances), {});
        done = loaded.size() == 1;
    };
    host.doing = activity::busy;
    bool done = false;
    net::spawn(ask(through, done));
    ASSERT_TRUE(time.pass_until([&] { return done; }));
    EXPECT_TRUE(view.health().up());
    ASSERT_TRUE(view.listed());
    EXPECT_EQ(view.listed()->instances.front().doing, activity::busy);
    look_and_wait(1h); // it has not been asked itself
    EXPECT_EQ(host.lists, 2);
}

TEST_F(host_view, keeps_what_an_instance_did_until_it_is_asked_again) {
    host.doing = activity::busy;
    look_and_wait();
    auto const before = changes;
    view.note(host.next);
    EXPECT_EQ(view.listed()->instances.front().doing, activity::busy);
    EXPECT_EQ(changes, before);
    view.note(lmstudio::inventory{{"a", "a", 5, 0, activity::idle}, {"gone", "gone", 0}});
    EXPECT_EQ(view.listed()->instances.front().doing, activity::idle);
    EXPECT_EQ(view.listed()->instances.size(), 1U);
}

TEST_F(host_view, logs_why_the_busy_state_is_unknown_once_for_each_reason) {
    log_file const log;
    EXPECT_EQ(view.busy_state(), host::busy_state{});
    for (auto const* reason : {"it is silent", "it is silent", "it requires an API token"})
        view.note(host::busy_state{false, reason});
    EXPECT_EQ(view.busy_state().reason, "it requires an API token");
    EXPECT_EQ(changes, 2);
    view.note(host::busy_state{true, {}});
    view.note(host::busy_state{true, {}});
    EXPECT_TRUE(view.busy_state().known);
    EXPECT_EQ(changes, 3);
    auto const lines = log.lines("busy_state_unknown");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines.front().at("level"), "warn");
    EXPECT_EQ(lines.front().at("host"), "host");
    EXPECT_EQ(lines.front().at("reason"), "it is silent");
    EXPECT_EQ(lines.back().at("reason"), "it requires an API token");
}

TEST_F(host_view, logs_no_busy_state_that_is_not_asked_for) {
    log_file const log;
    settings.recovery.websocket_timeout = 0ms;
    view.note(host::busy_state{false, "recovery.websocket_timeout is 0"});
    EXPECT_EQ(changes, 1);
    EXPECT_TRUE(log.lines("busy_state_unknown").empty());
}

TEST_F(host_view, knows_no_busy_state_of_a_host_that_is_down) {
    look_and_wait();
    view.note(host::busy_state{true, {}});
    view.on_connect(refused());
    EXPECT_EQ(view.busy_state(), host::busy_state{});
}

TEST_F(host_view, says_whether_the_host_is_ready) {
    std::optional<bool> result;
    auto const ask = [](host_view& t, std::optional<bool>& to) -> net::task<void> {
        auto const is = co_await t.view.ready();
        to = is;
    };
    auto const ready = [&] {
        result.reset();
        net::spawn(ask(*this, result));
        EXPECT_TRUE(time.pass_until([&] { return result.has_value(); }));
        return result.value_or(false);
    };
    auto const good = host.next;
    fails(contact::unreachable, "refused");
    EXPECT_FALSE(ready()); // an unknown one is asked
    EXPECT_EQ(host.lists, 1);
    host.next = good;
    EXPECT_FALSE(ready()); // it was, a moment ago
    EXPECT_EQ(host.lists, 1);
    time.pass(1s);
    EXPECT_TRUE(ready());
    EXPECT_EQ(host.lists, 2);
    time.pass(1h);
    EXPECT_TRUE(ready()); // one that is up is not asked
    EXPECT_EQ(host.lists, 2);
}

TEST_F(host_view, asks_at_each_interval_from_the_start) {
    settings.health.interval = 10s;
    view.start();
    time.settle();
    EXPECT_EQ(host.lists, 1);
    time.pass(95s);
    EXPECT_EQ(host.lists, 10);
    view.start(); // it does not run twice, but at once
    time.settle();
    EXPECT_EQ(host.lists, 11);
    time.pass(95s);
    EXPECT_EQ(host.lists, 20);
}

TEST_F(host_view, asks_never_by_itself_without_an_interval) {
    view.start();
    time.pass(1h);
    EXPECT_EQ(host.lists, 0);
}

TEST_F(host_view, takes_up_another_interval_when_it_is_started_again) {
    view.start();
    settings.health.interval = 1s;
    view.start();
    time.settle();
    EXPECT_EQ(host.lists, 1);
    settings.health.interval = 0s;
    view.start();
    time.pass(1h);
    EXPECT_LE(host.lists, 2);
    auto const before = host.lists;
    settings.health.interval = 1s;
    view.start();
    time.settle();
    EXPECT_EQ(host.lists, before + 1);
}

TEST_F(host_view, stops_at_once_and_for_good) {
    settings.health.interval = 10s;
    view.start();
    time.pass(1s);
    bool stopped = false;
    auto const wait = [](host_view& t, bool& flag) -> net::task<void> {
        co_await t.view.stopped();
        flag = true;
    };
    view.stop();
    net::spawn(wait(*this, stopped));
    time.settle();
    EXPECT_TRUE(stopped);
    view.start();
    look();
    EXPECT_EQ(looked, 1);
    time.pass(1min);
    EXPECT_EQ(host.lists, 1);
}

TEST_F(host_view, lets_who_looks_go_when_it_stops_and_has_stopped_when_its_call_has_ended) {
    host.takes = 5s;
    look();
    view.stop();
    bool stopped = false;
    auto const wait = [](host_view& t, bool& flag) -> net::task<void> {
        co_await t.view.stopped();
        flag = true;
    };
    net::spawn(wait(*this, stopped));
    time.settle();
    EXPECT_EQ(looked, 1);
    EXPECT_EQ(view.listing_error(), "");
    EXPECT_FALSE(stopped);
    time.pass(5100ms);
    EXPECT_TRUE(stopped);
    EXPECT_EQ(host.activities, 0);
}
