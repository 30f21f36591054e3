// Connections that serve many requests, and how they end.
#include "support/wire_fixture.hpp"

#include <gmock/gmock.h>

#include <array>

using namespace secondwind::test;

namespace {

std::string numbered(int n) {
    auto const body = std::to_string(n);
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

constexpr std::array<char const*, 3> three{"/a", "/b", "/c"};

struct keep_alive : with_wire {};

} // namespace

TEST_F(keep_alive, many_requests_pass_on_one_connection_on_each_side) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        for (int n = 0; n < 50; ++n) {
            auto const path = "/v1/" + std::to_string(n);
            auto const both = co_await t.exchange(make_request("POST", path, "{}"), numbered(n));
            EXPECT_EQ(both.request.target, path);
            EXPECT_EQ(both.request.body, "{}");
            EXPECT_EQ(both.answer.raw, numbered(n));
        }
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(keep_alive, pipelined_requests_are_answered_in_order) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/a", "1") + make_request("GET", "/b") +
                              make_request("POST", "/c", "333"));
        auto* peer = co_await t.accepted();
        for (char const* path : three) {
            auto const request = co_await peer->read_request();
            EXPECT_EQ(request.target, path);
            co_await peer->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + request.target);
        }
        for (char const* path : three) {
            auto const answer = co_await client->read_answer();
            EXPECT_EQ(answer.body, path);
        }
    };
    run(story(*this));
}

TEST_F(keep_alive, a_request_pipelined_while_the_host_works_is_served_next) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/a"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        // In two pieces, split inside a head.
        auto const second = make_request("POST", "/b", std::string(100'000, 'x'));
        co_await client->send(second.substr(0, 20));
        co_await client->send(second.substr(20));
        co_await peer->send(ok);
        auto const first = co_await client->read_answer();
        EXPECT_EQ(first.body, "ok");
        auto const request = co_await peer->read_request();
        EXPECT_EQ(request.body, std::string(100'000, 'x'));
        co_await peer->send(numbered(2));
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.body, "2");
    };
    run(story(*this));
}

TEST_F(keep_alive, a_bad_request_after_a_good_one_is_refused_after_the_good_answer) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/good") + "GET /bad HTTP/1.1\r\n\r\n" +
                              make_request("GET", "/never"));
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_EQ(request.target, "/good");
        co_await peer->send(ok);
        auto const all = co_await client->read_to_end();
        EXPECT_THAT(all.bytes, testing::StartsWith(std::string{ok} + "HTTP/1.1 400 "));
        EXPECT_EQ(all.ending, ending::fin);
        client->close();
        co_await t.at_rest();
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(keep_alive, nothing_is_processed_after_a_request_that_closes) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/last", {}, "Connection: close\r\n") +
                              make_request("GET", "/never"));
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_FALSE(request.head.field("Connection"));
        co_await peer->send(ok);
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        client->close();
        co_await t.at_rest();
        EXPECT_EQ(t.w.proxy->shared().hosts[0].pool.idle(), 1u);
    };
    run(story(*this));
}

TEST_F(keep_alive, http_1_0_closes_unless_it_asks_not_to) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        auto* peer = co_await t.accepted();
        auto const kept = co_await peer->read_request();
        EXPECT_EQ(kept.head.first_line, "GET /a HTTP/1.1");
        EXPECT_EQ(kept.head.field("Host"), "127.0.0.1:" + std::to_string(t.host.port()));
        EXPECT_FALSE(kept.head.field("Connection"));
        co_await peer->send(ok);
        auto const first = co_await client->read_answer();
        EXPECT_EQ(first.head.field("Connection"), "keep-alive");

        co_await client->send("GET /b HTTP/1.0\r\n\r\n");
        // Over the same connection to the host.
        co_await peer->read_request();
        co_await peer->send(ok);
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    };
    run(story(*this));
}

TEST_F(keep_alive, draining_closes_idle_connections_and_refuses_new_ones) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"), ok);
        auto const port = t.w.port();
        t.w.proxy->drain();
        auto const client_end = co_await t.clients.back().wait_closed();
        EXPECT_EQ(client_end, ending::fin);
        auto const host_end = co_await t.peers.back().wait_closed();
        EXPECT_EQ(host_end, ending::fin);
        co_await t.at_rest();
        raw_client late{t.w.io};
        bool refused = false;
        try {
            co_await late.connect(port);
        } catch (boost::system::system_error const&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    };
    run(story(*this));
}

TEST_F(keep_alive, draining_lets_an_exchange_finish_and_announces_the_close) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/", "{}"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        t.w.proxy->drain();
        co_await peer->send(ok);
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        client->close();
        auto const host_end = co_await peer->wait_closed();
        EXPECT_EQ(host_end, ending::fin);
        co_await t.at_rest();
    };
    run(story(*this));
}

TEST_F(keep_alive, draining_lets_a_stream_that_has_begun_run_to_its_end) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/", "{}"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        co_await client->read_until("one\r\n");
        t.w.proxy->drain();
        co_await peer->send("3\r\ntwo\r\n0\r\n\r\n");
        auto const rest = co_await client->read_to_end();
        EXPECT_EQ(rest.bytes, "3\r\ntwo\r\n0\r\n\r\n");
        EXPECT_EQ(rest.ending, ending::fin);
    };
    run(story(*this));
}

TEST_F(keep_alive, aborting_ends_everything_at_once) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* idle = co_await t.connected();
        auto* busy = co_await t.connected();
        co_await busy->send(make_request("POST", "/", "{}"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        auto* half = co_await t.connected();
        co_await half->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
        auto const arrived = [&] { return t.w.proxy->shared().budget.used() == 7; };
        co_await t.until(arrived);
        t.w.proxy->abort();
        co_await idle->wait_closed();
        co_await busy->wait_closed();
        co_await half->wait_closed();
        co_await peer->wait_closed();
        co_await t.at_rest();
    };
    run(story(*this));
}
