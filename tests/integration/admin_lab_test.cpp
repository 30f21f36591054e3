// Labs at the admin listener, over real sockets, each message of them scripted.
#include "support/admin_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace secondwind::test {
namespace admin_lab_test {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

constexpr auto upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                         "Sec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr auto want = R"({"type":"want"})";
constexpr auto released = R"({"type":"released"})";

std::string loaded(std::string const& id) {
    return R"({"type":"loaded","instance_id":")" + id + R"("})";
}

struct admin_labs : with_admin {
    admin_labs() { w.settings.admin.allow_actions = true; }

    recovery::lab_lease& lease() { return w.proxy->shared().hosts[0].recovery.lease; }

    asio::awaitable<event_client*> connect() { return subscribe("/lab?host=host"); }
    // With the lease.
    asio::awaitable<event_client*> lab() {
        auto* fresh = co_await connect();
        co_await fresh->send(want);
        auto const said = co_await fresh->read();
        EXPECT_EQ(said.at("type"), "granted");
        co_return fresh;
    }
    // It has the lease, and has loaded "big".
    asio::awaitable<event_client*> lab_at_work() {
        auto* fresh = co_await lab();
        lm->load("big");
        co_await fresh->send(loaded("big"));
        auto known = [this] { return !lease().held_now()->instances.empty(); };
        co_await until(known);
        co_return fresh;
    }
    asio::awaitable<void> free() {
        auto holds = [this] { return !lease().held(); };
        co_await until(holds);
    }
    asio::awaitable<json> host_document() {
        auto const answer = co_await ask("/api/hosts");
        co_return json::parse(answer.body).at("hosts").at(0);
    }
    asio::awaitable<std::string> refusal(std::string target, int status) {
        auto const answer = co_await ask(target, upgrade);
        EXPECT_EQ(answer.status, status) << answer.body;
        co_return json::parse(answer.body).at("error").at("code").get<std::string>();
    }
    // A request that waits for the lab.
    asio::awaitable<raw_client*> waiting(std::string model) {
        auto* client = co_await begun(model);
        auto waits = [this] { return waiting_requests() == 1; };
        co_await until(waits);
        co_return client;
    }
    static asio::awaitable<void> expect_served(raw_client* client) {
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 200) << answer.body;
    }
};

TEST_F(admin_labs, get_an_idle_host_at_once_and_give_it_back) {
    log_file const log;
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* events = co_await t.subscribe();
        co_await events->read();
        auto* lab = co_await t.lab();
        auto const told = co_await events->read_until("host");
        EXPECT_TRUE(told.at("host").at("lease").is_object());

        co_await lab->send(R"({"type":"working","on":"a/b"})");
        co_await lab->send(loaded("a/b"));
        auto known = [&t] { return !t.lease().held_now()->instances.empty(); };
        co_await t.until(known);
        auto const shown = co_await t.host_document();
        auto const& lease = shown.at("lease");
        EXPECT_EQ(lease.at("working_on"), "a/b");
        EXPECT_EQ(lease.at("instances"), json({"a/b"}));
        EXPECT_EQ(lease.at("wanted"), false);
        auto const metrics = co_await t.ask("/metrics");
        EXPECT_THAT(metrics.body, HasSubstr("secondwind_host_leased{host=\"host\"} 1"));

        co_await lab->send(released);
        co_await t.free();
        auto const after = co_await t.host_document();
        EXPECT_TRUE(after.at("lease").is_null());
        co_await lab->send(want);
        auto const again = co_await lab->read();
        EXPECT_EQ(again.at("type"), "granted");
    };
    run(task(*this));
    ASSERT_EQ(log.lines("host_leased").size(), 2U);
    EXPECT_EQ(log.lines("host_leased").front().at("host"), "host");
    auto const ended = log.lines("host_lease_ended").front();
    EXPECT_EQ(ended.at("reason"), "it has released the lease");
    EXPECT_EQ(ended.at("level"), "info");
}

TEST_F(admin_labs, get_a_busy_host_when_its_last_stream_has_ended) {
    lm->script().hold_generations(1);
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("big");
        auto* lab = co_await t.connect();
        co_await lab->send(want);
        auto asks = [&t] { return t.lease().asked(); };
        co_await t.until(asks);
        EXPECT_FALSE(t.lease().held());
        co_await t.expect_ends_well(stream);
        auto const said = co_await lab->read();
        EXPECT_EQ(said.at("type"), "granted");
    };
    run(task(*this));
}

TEST_F(admin_labs, give_the_host_to_a_request_that_waits) {
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* lab = co_await t.lab_at_work();
        auto* client = co_await t.waiting("huge");
        auto const said = co_await lab->read();
        EXPECT_EQ(said, event_client::json::parse(R"({"type":"wanted","models":["huge"]})"));
        EXPECT_TRUE(t.requests_to(chat_path).empty());
        auto const shown = co_await t.host_document();
        EXPECT_EQ(shown.at("lease").at("wanted"), true);

        t.lm->unload("big");
        co_await lab->send(R"({"type":"unloaded","instance_id":"big"})");
        co_await lab->send(released);
        co_await t.expect_served(client);
        EXPECT_EQ(t.records(), 0U) << "no recovery was needed";
    };
    run(task(*this));
}

TEST_F(admin_labs, do_not_stop_what_uses_no_model) {
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        co_await t.lab_at_work();
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/v1/models", ""));
        co_await t.expect_served(client);
        auto& tunnel = t.subscribers.emplace_back(t.w.io);
        co_await tunnel.open(t.w.port(), "127.0.0.1", "/llm");
        EXPECT_TRUE(t.lease().held());
        EXPECT_FALSE(t.lease().held_now()->wanted);
    };
    run(task(*this));
}

TEST_F(admin_labs, leave_nothing_loaded_and_nobody_waiting_when_they_are_killed) {
    log_file const log;
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* lab = co_await t.lab_at_work();
        auto* client = co_await t.waiting("huge");
        lab->drop();
        co_await t.expect_served(client);
        EXPECT_EQ(t.unloads("big"), 1U);
        EXPECT_EQ(t.records(), 0U);
    };
    run(task(*this));
    auto const ended = log.lines("host_lease_ended").front();
    EXPECT_EQ(ended.at("reason"), "its connection has ended");
    EXPECT_EQ(ended.at("level"), "warn");
    EXPECT_EQ(ended.at("unloaded"), 1);
}

TEST_F(admin_labs, lose_the_host_if_they_do_not_give_it_back_in_time) {
    w.settings.lab.yield_timeout = 30ms;
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* lab = co_await t.lab_at_work();
        auto* client = co_await t.waiting("huge");
        auto const wanted = co_await lab->read();
        EXPECT_EQ(wanted.at("type"), "wanted");
        auto const ended = co_await lab->read();
        EXPECT_EQ(ended.at("type"), "ended");
        EXPECT_THAT(ended.at("reason").get<std::string>(), HasSubstr("lab.yield_timeout"));
        auto const nothing = co_await lab->read();
        EXPECT_TRUE(nothing.is_null());
        EXPECT_EQ(lab->close_code(), 1000U);
        co_await t.expect_served(client);
        EXPECT_EQ(t.unloads("big"), 1U);
    };
    run(task(*this));
}

TEST_F(admin_labs, that_are_exclusive_keep_the_host_for_the_busy_wait) {
    w.settings.recovery.busy_wait = 50ms;
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* lab = co_await t.connect();
        co_await lab->send(R"({"type":"want","exclusive":true})");
        co_await lab->read();
        auto const began = std::chrono::steady_clock::now();
        auto* client = co_await t.waiting("big");
        auto const said = co_await lab->read();
        EXPECT_EQ(said.at("type"), "wanted");
        EXPECT_GE(std::chrono::steady_clock::now() - began, 50ms);
        co_await lab->send(released);
        co_await t.expect_served(client);
    };
    run(task(*this));
}

TEST_F(admin_labs, get_the_host_one_after_another) {
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* first = co_await t.lab();
        auto* second = co_await t.connect();
        co_await second->send(want);
        auto asks = [&t] { return t.lease().asked(); };
        co_await t.until(asks);
        co_await first->send(released);
        auto const said = co_await second->read();
        EXPECT_EQ(said.at("type"), "granted");
        second->drop();
        co_await t.free();
    };
    run(task(*this));
}

TEST_F(admin_labs, have_an_operator_wait_with_an_unload) {
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* lab = co_await t.lab_at_work();
        auto const answer = co_await t.act("/api/hosts/host/unload", R"({"all":true})");
        EXPECT_EQ(answer.status, 409);
        EXPECT_EQ(json::parse(answer.body).at("error").at("code"), "lab_at_work");
        EXPECT_EQ(t.unloads("big"), 0U);
        co_await lab->send(released);
        co_await t.free();
        auto const later = co_await t.act("/api/hosts/host/unload", R"({"all":true})");
        EXPECT_EQ(later.status, 200);
    };
    run(task(*this));
}

TEST_F(admin_labs, are_refused_without_a_host_or_with_an_unknown_one) {
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto const none = co_await t.refusal("/lab", 400);
        EXPECT_EQ(none, "bad_request");
        auto const more = co_await t.refusal("/lab?host=host&name=x", 400);
        EXPECT_EQ(more, "bad_request");
        auto const unknown = co_await t.refusal("/lab?host=nobody", 404);
        EXPECT_EQ(unknown, "not_found");
        auto const plain = co_await t.ask("/lab?host=host");
        EXPECT_EQ(plain.status, 400);
        EXPECT_THAT(plain.body, HasSubstr("WebSocket"));
    };
    run(task(*this));
}

TEST_F(admin_labs, are_refused_where_actions_are_not_allowed) {
    w.settings.admin.allow_actions = false;
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto const code = co_await t.refusal("/lab?host=host", 403);
        EXPECT_EQ(code, "actions_disabled");
    };
    run(task(*this));
}

TEST_F(admin_labs, that_say_what_nobody_understands_are_closed_and_lose_the_host) {
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* lab = co_await t.lab_at_work();
        co_await lab->send(R"({"type":"loaded"})");
        auto const nothing = co_await lab->read();
        EXPECT_TRUE(nothing.is_null());
        EXPECT_EQ(lab->close_code(), 1008U);
        EXPECT_THAT(lab->close_reason(), HasSubstr("instance_id"));
        co_await t.free();
        EXPECT_EQ(t.unloads("big"), 1U);
    };
    run(task(*this));
}

TEST_F(admin_labs, lose_the_host_when_the_proxy_drains_and_those_that_wait_are_served) {
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* lab = co_await t.lab_at_work();
        auto* client = co_await t.waiting("huge");
        t.w.proxy->drain();
        auto const ended = co_await lab->read_until("ended");
        EXPECT_EQ(ended.at("type"), "ended");
        co_await t.expect_served(client);
        EXPECT_EQ(t.unloads("big"), 1U);
        co_await t.stopped();
    };
    run(task(*this));
}

TEST_F(admin_labs, lose_a_host_that_a_reload_removes) {
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* lab = co_await t.lab_at_work();
        auto fresh = *t.w.in_force;
        fresh.upstreams.front().name = "another";
        auto change = t.w.proxy->prepare(fresh);
        t.w.in_force.replace(std::move(fresh));
        t.w.proxy->shared().apply_settings();
        t.w.proxy->take(std::move(change));
        auto const ended = co_await lab->read();
        EXPECT_EQ(ended.at("type"), "ended");
        auto gone = [&t] {
            return t.unloads("big") == 1 && t.w.proxy->shared().hosts.alive() == 1;
        };
        co_await t.until(gone);
    };
    run(task(*this));
}

TEST_F(admin_labs, lose_the_host_when_the_admin_listener_stops) {
    auto task = [](admin_labs& t) -> asio::awaitable<void> {
        auto* lab = co_await t.lab_at_work();
        t.admin->stop();
        auto const nothing = co_await lab->read();
        EXPECT_TRUE(nothing.is_null());
        EXPECT_EQ(lab->close_code(), 1001U);
        co_await t.free();
        EXPECT_EQ(t.unloads("big"), 1U);
    };
    run(task(*this));
}

} // namespace admin_lab_test
} // namespace secondwind::test
