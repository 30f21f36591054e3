// Who has a place among the connections of the admin interface when there are too many.
#include "support/admin_fixture.hpp"
#include "support/log_file.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;
using testing::Not;

namespace admin_places_test {

constexpr char const* token = "open-sesame-1234";
constexpr char const* with_token = "Authorization: Bearer open-sesame-1234\r\n";
constexpr std::size_t most = 100; // connections of one address that have not shown the token

std::string code_in(http_answer const& a) {
    return nlohmann::json::parse(a.body)["error"]["code"];
}

struct admin_places : with_admin {
    admin_places() { w.settings.limits.event_subscribers = 1; }

    // A connection that has sent a part of a head.
    asio::awaitable<raw_client*> dripping() {
        auto* client = co_await at_admin();
        co_await client->send("GET /livez HTTP/1.1\r\nHo");
        co_return client;
    }
    // A connection on which a request was answered, and that stays open.
    asio::awaitable<raw_client*> kept(std::string target, std::string fields = {}) {
        auto* client = co_await at_admin();
        co_await client->send(admin_request("GET", target, fields));
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 200);
        co_return client;
    }
    asio::awaitable<int> asked_again(raw_client* client, std::string target, std::string fields) {
        co_await client->send(admin_request("GET", target, fields));
        auto const a = co_await client->read_answer();
        co_return a.status;
    }
    raw_client& at_probes() { return clients.emplace_back(w.io); }
};

TEST_F(admin_places, the_oldest_dripping_connection_gives_way_to_a_probe) {
    log_file log;
    auto task = [](admin_places& t) -> asio::awaitable<void> {
        std::vector<raw_client*> drips;
        for (std::size_t i = 0; i < most; ++i)
            drips.push_back(co_await t.dripping());
        auto const probe = co_await t.ask("/livez");
        EXPECT_EQ(probe.status, 200);
        // It is told why, in words that fit what it does.
        auto const told = co_await drips[0]->read_answer();
        EXPECT_EQ(told.status, 503);
        EXPECT_EQ(code_in(told), "too_many_connections");
        EXPECT_THAT(told.body, Not(HasSubstr("event")));
        auto const end = co_await drips[0]->wait_closed();
        EXPECT_NE(end, ending::open);
        // The others go on.
        co_await drips[1]->send("st: " + t.authority() + "\r\n\r\n");
        auto const late = co_await drips[1]->read_answer();
        EXPECT_EQ(late.status, 200);
    };
    run(task(*this));
    auto const lines = log.lines("admin_connection_limit");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["connections"], most);
    EXPECT_EQ(lines[0]["client"], "127.0.0.1");
}

TEST_F(admin_places, an_idle_connection_gives_way_without_a_word) {
    auto task = [](admin_places& t) -> asio::awaitable<void> {
        auto* first = co_await t.kept("/livez");
        auto* second = co_await t.kept("/livez");
        for (std::size_t i = 2; i < most; ++i)
            co_await t.kept("/livez");
        // A request makes it younger than the others.
        auto const again = co_await t.asked_again(first, "/livez", {});
        EXPECT_EQ(again, 200);
        co_await t.kept("/livez");
        auto const rest = co_await second->read_to_end();
        EXPECT_EQ(rest.bytes, "");
        auto const still = co_await t.asked_again(first, "/livez", {});
        EXPECT_EQ(still, 200);
    };
    run(task(*this));
}

TEST_F(admin_places, a_client_that_showed_the_token_keeps_its_place) {
    w.settings.admin.token = token;
    auto task = [](admin_places& t) -> asio::awaitable<void> {
        auto* known = co_await t.kept("/api/status", with_token);
        auto* probing = co_await t.kept("/livez");
        auto* wrong = co_await t.at_admin();
        co_await wrong->send(t.admin_request("GET", "/api/status"));
        auto const refused = co_await wrong->read_answer();
        EXPECT_EQ(refused.status, 401);
        for (std::size_t i = 0; i < 2 * most; ++i)
            co_await t.dripping();
        for (auto* each : {probing, wrong}) {
            auto const end = co_await each->wait_closed();
            EXPECT_NE(end, ending::open);
        }
        auto const status = co_await t.asked_again(known, "/api/status", with_token);
        EXPECT_EQ(status, 200);
    };
    run(task(*this));
}

TEST_F(admin_places, a_subscriber_keeps_its_place) {
    auto task = [](admin_places& t) -> asio::awaitable<void> {
        auto* events = co_await t.subscribe();
        auto const snapshot = co_await events->read();
        EXPECT_EQ(snapshot["type"], "snapshot");
        for (std::size_t i = 0; i < 2 * most; ++i)
            co_await t.dripping();
        t.admin->announce_draining();
        auto const next = co_await events->read();
        EXPECT_EQ(next["sequence"], 1);
    };
    run(task(*this));
}

TEST_F(admin_places, those_who_showed_the_token_give_way_when_nobody_else_can) {
    w.settings.admin.token = token;
    auto task = [](admin_places& t) -> asio::awaitable<void> {
        auto* first = co_await t.kept("/api/status", with_token);
        for (std::size_t i = 0; i < most; ++i)
            co_await t.kept("/api/status", with_token);
        auto const probe = co_await t.ask("/livez");
        EXPECT_EQ(probe.status, 200);
        auto const end = co_await first->wait_closed();
        EXPECT_NE(end, ending::open);
    };
    run(task(*this));
}

TEST_F(admin_places, the_probe_listener_answers_probes_and_nothing_else) {
    w.settings.admin.probe_listen = config::endpoint{"127.0.0.1", 0};
    w.settings.admin.token = token;
    auto task = [](admin_places& t) -> asio::awaitable<void> {
        auto const port = t.admin->listens_at(admin::audience::probes).value().port();
        auto& client = t.at_probes();
        co_await client.connect(port);
        co_await client.send("GET /livez HTTP/1.1\r\nHost: 10.1.2.3\r\n\r\n");
        auto const alive = co_await client.read_answer();
        EXPECT_EQ(alive.status, 200);
        for (std::string const target : {"/", "/metrics", "/api/status", "/events", "/livez/"}) {
            co_await client.send(t.admin_request("GET", target, with_token));
            auto const a = co_await client.read_answer();
            EXPECT_EQ(a.status, 404) << target;
            EXPECT_EQ(code_in(a), "not_found");
        }
        co_await client.send(t.admin_request("POST", "/api/reload", with_token, "{}"));
        auto const acted = co_await client.read_answer();
        EXPECT_EQ(acted.status, 404);
        EXPECT_EQ(t.reloads, 0U);
    };
    run(task(*this));
}

TEST_F(admin_places, connections_for_operators_take_none_from_the_probe_listener) {
    w.settings.admin.probe_listen = config::endpoint{"127.0.0.1", 0};
    auto task = [](admin_places& t) -> asio::awaitable<void> {
        auto& client = t.at_probes();
        co_await client.connect(t.admin->listens_at(admin::audience::probes).value().port());
        for (std::size_t i = 0; i < most; ++i)
            co_await t.dripping();
        co_await client.send("GET /livez HTTP/1.1\r\nHost: probe\r\n\r\n");
        auto const alive = co_await client.read_answer();
        EXPECT_EQ(alive.status, 200);
    };
    run(task(*this));
}

} // namespace admin_places_test
