// Clients of HTTP/1.0: the host is asked in HTTP/1.1, and what the client gets has no chunks.
#include "support/wire_fixture.hpp"

using namespace secondwind::test;
using namespace std::chrono_literals;

namespace wire_http10_test {

constexpr auto chunked = "Transfer-Encoding: chunked\r\n\r\n";
constexpr auto events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
constexpr auto plain = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
constexpr auto closes = "Connection: close\r\n\r\n";

struct http10 : with_wire {
    // The connection of the proxy that brings the request, and the client that sent it.
    struct ends {
        raw_client* client;
        wire* peer;
    };
    asio::awaitable<ends> asked(std::string sent = "GET / HTTP/1.0\r\nHost: h\r\n\r\n") {
        auto* client = co_await connected();
        co_await client->send(std::move(sent));
        auto* peer = co_await accepted();
        auto const request = co_await peer->read_request();
        EXPECT_TRUE(request.head.first_line.ends_with(" HTTP/1.1"));
        EXPECT_EQ(request.head.count("Host"), 1U);
        EXPECT_FALSE(request.head.field("Connection"));
        co_return ends{client, peer};
    }
};

TEST_F(http10, gets_a_chunked_body_without_its_chunks_and_the_end_of_its_connection) {
    start();
    auto story = [](http10& t) -> asio::awaitable<void> {
        auto [client, peer] = co_await t.asked("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        co_await peer->send(std::string{plain} + chunked + "3;a=b\r\none\r\n");
        auto const begun = co_await client->read_until("one");
        EXPECT_EQ(begun, std::string{plain} + closes + "one");
        co_await peer->send("4\r\n two\r\n0\r\nX-Trailer: t\r\n\r\n");
        auto const rest = co_await client->read_to_end();
        EXPECT_EQ(rest.bytes, " two");
        EXPECT_EQ(rest.ending, ending::fin);
        // The host's connection serves the next request.
        auto* other = co_await t.connected();
        co_await other->send(make_request("GET", "/next"));
        co_await peer->read_request();
        co_await peer->send(ok);
        auto const next = co_await other->read_answer();
        EXPECT_EQ(next.body, "ok");
    };
    run(story(*this));
}

TEST_F(http10, gets_a_whole_chunked_body_at_once_and_an_empty_one) {
    start();
    auto story = [](http10& t) -> asio::awaitable<void> {
        for (auto const& [sent, body] : std::initializer_list<std::pair<std::string, std::string>>{
                 {"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!"}, {"0\r\n\r\n", ""}}) {
            t.w.proxy->shared().hosts[0].pool.close();
            auto [client, peer] = co_await t.asked();
            co_await peer->send(std::string{plain} + chunked + sent);
            auto const all = co_await client->read_to_end();
            EXPECT_EQ(all.bytes, std::string{plain} + closes + body);
            EXPECT_EQ(all.ending, ending::fin);
            peer->close();
        }
    };
    run(story(*this));
}

TEST_F(http10, sees_that_a_chunked_body_was_cut) {
    start();
    auto story = [](http10& t) -> asio::awaitable<void> {
        for (auto const* broken : {"", "nonsense\r\n"}) {
            auto [client, peer] = co_await t.asked();
            co_await peer->send(std::string{plain} + chunked + "3\r\none\r\n");
            co_await client->read_until("one");
            co_await peer->send(broken);
            peer->close();
            auto const rest = co_await client->read_to_end();
            EXPECT_EQ(rest.bytes, "");
            EXPECT_EQ(rest.ending, ending::rst);
        }
    };
    run(story(*this));
}

TEST_F(http10, keeps_its_connection_after_the_head_of_a_chunked_body) {
    start();
    auto story = [](http10& t) -> asio::awaitable<void> {
        auto [client, peer] =
            co_await t.asked("HEAD / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n");
        co_await peer->send(std::string{plain} + chunked);
        auto const answer = co_await client->read_answer(true);
        EXPECT_EQ(answer.raw, std::string{plain} + "Connection: keep-alive\r\n\r\n");
        co_await client->send("GET / HTTP/1.0\r\nHost: h\r\n\r\n");
        co_await peer->read_request();
        co_await peer->send(ok);
        auto const next = co_await client->read_to_end();
        EXPECT_EQ(next.bytes,
                  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    };
    run(story(*this));
}

TEST_F(http10, sees_one_stream_of_two_whose_opening_it_was_shown) {
    w.settings.limits.hold_time = 0ms;
    start();
    auto story = [](http10& t) -> asio::awaitable<void> {
        std::string const opening = "data: {\"type\":\"message_start\"}\n\n";
        std::string const output = "data: {\"type\":\"message_delta\"}\n\n";
        auto const sized = [](std::string const& text) { return "20\r\n" + text + "\r\n"; };
        EXPECT_EQ(opening.size(), 0x20U);
        EXPECT_EQ(output.size(), 0x20U);
        auto [client, first] = co_await t.asked(
            "POST /v1/messages HTTP/1.0\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
        co_await first->send(std::string{events} + chunked + sized(opening));
        auto const shown = co_await client->read_until(opening);
        EXPECT_EQ(shown, std::string{events} + closes + opening);
        std::string const error = R"(data: {"error":{"message":"Model unloaded."}})";
        co_await first->send("2f\r\n" + error + "\n\n\r\n");
        auto* second = co_await t.accepted();
        co_await second->read_request();
        co_await second->send(std::string{events} + chunked + sized(opening) + sized(output) +
                              "0\r\n\r\n");
        auto const rest = co_await client->read_to_end();
        EXPECT_EQ(rest.bytes, output);
        EXPECT_EQ(rest.ending, ending::fin);
    };
    run(story(*this));
}

} // namespace wire_http10_test
