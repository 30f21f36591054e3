// What the settings of a choice among hosts change in requests and answers.
#include "support/cluster_fixture.hpp"
#include "support/hosts_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <string>

using namespace secondwind;
using namespace secondwind::test;

namespace {

struct hosts_tokens : with_hosts {};
struct hosts_told : with_hosts {};
struct hosts_sessions : with_cluster {
    // One turn of a conversation that begins like no other; returns its host.
    asio::awaitable<std::string> turn(char letter, std::string fields) {
        auto const body = R"({"model":"big","messages":[{"role":"user","content":")" +
                          std::string(20'000, letter) + R"("}]})";
        auto const answer = co_await post(chat_path, body, fields);
        EXPECT_EQ(answer.status, 200);
        co_return answer.head.field("X-Secondwind-Host").value_or("");
    }
    void drain(std::string const& name, bool on) {
        w.proxy->shared().hosts.find(name)->view.drain(on);
    }
};
struct hosts_moves : with_cluster {
    // The host that gets a request for "huge" is full, which the proxy has not been told.
    asio::awaitable<std::string> asked_of_a_full_host() {
        auto const first = co_await embed();
        EXPECT_EQ(first.status, 200);
        recovery::wanted_model const huge{"huge"};
        auto const chosen = w.proxy->shared().router.choose(huge);
        EXPECT_TRUE(chosen);
        auto const index = chosen ? chosen->host : 0;
        co_await load(index, "big");
        auto const answer = co_await chat("huge");
        EXPECT_EQ(answer.status, 200);
        co_return names[index];
    }
};

constexpr char const* own_token = "Authorization: Bearer own\r\nX-Api-Key: own\r\n";

asio::awaitable<http_answer> answered_by(with_hosts& t, std::uint16_t port, raw_host& by,
                                         std::string fields, std::string answer) {
    auto* client = co_await t.connected(port);
    co_await client->send(make_request("POST", "/v1/x", "{}", fields));
    auto* peer = co_await t.accepted(by);
    co_await peer->read_request();
    co_await peer->send(answer);
    peer->close(); // so that the next request has a connection of its own
    co_return co_await client->read_answer();
}

} // namespace

TEST_F(hosts_tokens, of_a_host_replace_those_of_clients_always_where_that_is_set) {
    for (auto& each : w.settings.upstreams)
        each.api_token = "of-" + each.name;
    w.settings.upstreams[0].use_token = config::token_use::always;
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        auto const always = co_await t.served(client, t.a, own_token);
        EXPECT_EQ(always.head.field("Authorization"), "Bearer of-a");
        EXPECT_EQ(always.head.count("Authorization"), 1U);
        EXPECT_FALSE(always.head.field("X-Api-Key"));
        auto const none = co_await t.served(client, t.a);
        EXPECT_EQ(none.head.field("Authorization"), "Bearer of-a");
        auto const keyed = co_await t.served(client, t.b, choosing("b") + own_token);
        EXPECT_EQ(keyed.head.field("Authorization"), "Bearer own");
        EXPECT_EQ(keyed.head.field("X-Api-Key"), "own");
    };
    run(story(*this));
}

TEST_F(hosts_tokens, of_clients_are_kept_on_the_port_of_a_host) {
    w.settings.upstreams[1].api_token = "of-b";
    w.settings.upstreams[1].use_token = config::token_use::always;
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.port_of_b());
        auto const kept = co_await t.served(client, t.b, own_token);
        EXPECT_EQ(kept.head.field("Authorization"), "Bearer own");
        client = co_await t.connected(t.shared_port());
        auto const replaced = co_await t.served(client, t.b, choosing("b") + own_token);
        EXPECT_EQ(replaced.head.field("Authorization"), "Bearer of-b");
    };
    run(story(*this));
}

TEST_F(hosts_told, are_named_in_answers_on_the_shared_listener) {
    w.settings.routing.tell = true;
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        std::string const good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        std::string const stream =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: {}\n\r\n1\r\n\n\r\n0\r\n\r\n";
        for (auto const& answer : {good, stream}) {
            auto const first = co_await answered_by(t, t.shared_port(), t.a, {}, answer);
            EXPECT_EQ(first.head.field("X-Secondwind-Host"), "a");
            auto const other = co_await answered_by(t, t.shared_port(), t.b, choosing("b"), answer);
            EXPECT_EQ(other.head.field("X-Secondwind-Host"), "b");
            auto const own = co_await answered_by(t, t.port_of_b(), t.b, {}, answer);
            EXPECT_EQ(own.raw, answer);
        }
    };
    run(story(*this));
}

TEST_F(hosts_told, are_not_named_unless_that_is_wanted) {
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        std::string const good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        auto const answer = co_await answered_by(t, t.shared_port(), t.a, {}, good);
        EXPECT_EQ(answer.raw, good);
    };
    run(story(*this));
}

TEST_F(hosts_told, are_named_once_in_a_list) {
    w.settings.routing.tell = true;
    w.settings.routing.mode = config::routing_mode::model;
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        std::string const list = R"({"data":[{"id":"m"}],"object":"list"})";
        for (auto const& of_a : {ok_answer(list), ok_answer("no list")}) {
            co_await client->send(make_request("GET", "/v1/models"));
            auto* one = co_await t.accepted(t.a);
            auto* other = co_await t.accepted(t.b);
            co_await one->send(of_a);
            co_await other->send(ok_answer(R"({"data":[{"id":"n"}],"object":"list"})"));
            one->close();
            other->close();
            auto const answer = co_await client->read_answer();
            bool const both = answer.body.find("\"m\"") != std::string::npos;
            EXPECT_EQ(answer.head.field("X-Secondwind-Hosts").value_or(""), both ? "a, b" : "");
            EXPECT_EQ(answer.head.field("X-Secondwind-Host").value_or(""), both ? "" : "b");
        }
    };
    run(story(*this));
}

TEST_F(hosts_sessions, stay_where_they_were_served_whatever_their_bodies_are) {
    w.settings.routing.tell = true;
    w.settings.routing.session_fields = {"X-Chat", "X-Session-Id"};
    auto story = [](hosts_sessions& t) -> asio::awaitable<void> {
        for (auto const index : {0U, 1U, 2U})
            co_await t.load(index, "big");
        auto const usual = co_await t.turn('a', {});
        t.drain(usual, true);
        auto const other = co_await t.turn('b', "x-session-id: 1\r\n");
        EXPECT_NE(other, usual);
        co_await t.turn('c', "X-Session-Id: 1\r\nx-chat: 2\r\n");
        t.drain(usual, false);
        std::string const in_session = co_await t.turn('d', "X-Session-Id: 1\r\n");
        EXPECT_EQ(in_session, other);
        // The field that is named first in the settings counts.
        std::string const in_chat = co_await t.turn('e', "X-Session-Id: 3\r\nX-Chat: 2\r\n");
        EXPECT_EQ(in_chat, other);
        for (auto const* fields : {"", "X-Session-Id: 4\r\n", "X-Other: 1\r\n"}) {
            auto const fresh = co_await t.turn('f', fields);
            EXPECT_EQ(fresh, usual) << fields;
        }
    };
    run(story(*this));
}

TEST_F(hosts_moves, go_to_a_host_with_room_before_anything_is_unloaded) {
    log_file log;
    std::string full;
    auto story = [](hosts_moves& t, std::string& host) -> asio::awaitable<void> {
        host = co_await t.asked_of_a_full_host();
    };
    run(story(*this, full));
    EXPECT_EQ(unloads(), 0U);
    EXPECT_EQ(log.lines("exchange").back()["moved_from"], full);
}

TEST_F(hosts_moves, for_memory_can_be_turned_off) {
    log_file log;
    w.settings.routing.relocate = false;
    std::string full;
    auto story = [](hosts_moves& t, std::string& host) -> asio::awaitable<void> {
        host = co_await t.asked_of_a_full_host();
    };
    run(story(*this, full));
    EXPECT_EQ(unloads(), 1U);
    EXPECT_EQ(log.lines("exchange").back()["host"], full);
    EXPECT_EQ(log.lines("exchange").back()["recovery"], "recovered");
}
