// Upgraded connections: bytes in both directions.
#include "support/log_file.hpp"
#include "support/wire_fixture.hpp"

#include <nlohmann/json.hpp>

#include <boost/asio/detached.hpp>

using namespace secondwind::test;

namespace {

constexpr char const* upgrade =
    "GET /lmstudio HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
constexpr char const* switching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n"
    "Connection: Upgrade\r\n\r\n";

struct tunnels : with_wire {
    // An open tunnel: the client, and the host's end of it.
    asio::awaitable<std::pair<raw_client*, wire*>> opened() {
        auto* client = co_await connected();
        co_await client->send(upgrade);
        auto* peer = co_await accepted();
        co_await peer->read_request();
        co_await peer->send(switching);
        co_await client->read_head();
        std::pair<raw_client*, wire*> both{client, peer};
        co_return both;
    }
};

} // namespace

TEST_F(tunnels, carry_both_handshakes_and_the_bytes_sent_with_them) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(std::string{upgrade} + "early up");
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_EQ(request.head.field("Upgrade"), "websocket");
        EXPECT_EQ(request.head.field("Connection"), "Upgrade");
        EXPECT_EQ(request.head.field("Sec-WebSocket-Version"), "13");
        co_await client->send(" and more");
        co_await peer->send(std::string{switching} + "early down");
        auto const head = co_await client->read_head();
        EXPECT_EQ(head.text, switching);
        auto const down = co_await client->read_exactly(10);
        EXPECT_EQ(down, "early down");
        auto const up = co_await peer->read_exactly(17);
        EXPECT_EQ(up, "early up and more");
        // A response that looks like HTTP is only bytes.
        co_await client->send("GET / HTTP/1.1\r\n\r\n");
        auto const bytes = co_await peer->read_exactly(18);
        EXPECT_EQ(bytes, "GET / HTTP/1.1\r\n\r\n");
    };
    run(story(*this));
}

TEST_F(tunnels, keep_a_half_close_in_either_direction) {
    start();
    auto story = [](tunnels& t) -> asio::awaitable<void> {
        auto const first = co_await t.opened();
        co_await first.first->send("last words");
        first.first->half_close();
        auto const up = co_await first.second->read_to_end();
        EXPECT_EQ(up.bytes, "last words");
        EXPECT_EQ(up.ending, ending::fin);
        co_await first.second->send("heard");
        auto const bytes = co_await first.first->read_exactly(5);
        EXPECT_EQ(bytes, "heard");
        first.second->close();
        co_await first.first->wait_closed();

        auto const second = co_await t.opened();
        co_await second.second->send("bye");
        second.second->half_close();
        auto const down = co_await second.first->read_to_end();
        EXPECT_EQ(down.bytes, "bye");
        co_await second.first->send("well");
        auto const well = co_await second.second->read_exactly(4);
        EXPECT_EQ(well, "well");
        second.first->close();
        co_await second.second->wait_closed();
        first.first->close();
        co_await t.at_rest();
    };
    run(story(*this));
}

TEST_F(tunnels, end_with_either_side) {
    start();
    log_file log;
    auto story = [](tunnels& t) -> asio::awaitable<void> {
        auto const first = co_await t.opened();
        first.first->reset();
        co_await first.second->wait_closed();
        auto const second = co_await t.opened();
        second.second->reset();
        co_await second.first->wait_closed();
        auto const third = co_await t.opened();
        t.w.proxy->abort();
        co_await third.first->wait_closed();
        co_await third.second->wait_closed();
        co_await t.at_rest();
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines.front().at("status"), 101);
}

TEST_F(tunnels, carry_megabytes_both_ways_at_once) {
    start();
    auto story = [](tunnels& t) -> asio::awaitable<void> {
        auto const both = co_await t.opened();
        constexpr std::size_t size = 4'000'000;
        auto feed = [](wire& to, char letter) -> asio::awaitable<void> {
            co_await to.send(std::string(size, letter));
        };
        asio::co_spawn(t.w.io, feed(*both.first, 'u'), asio::detached);
        asio::co_spawn(t.w.io, feed(*both.second, 'd'), asio::detached);
        auto const down = co_await both.first->read_exactly(size);
        auto const up = co_await both.second->read_exactly(size);
        EXPECT_TRUE(down == std::string(size, 'd'));
        EXPECT_TRUE(up == std::string(size, 'u'));
    };
    run(story(*this));
}

TEST_F(tunnels, that_are_refused_leave_two_ordinary_connections) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const refused = co_await t.exchange(upgrade, ok);
        EXPECT_EQ(refused.answer.raw, ok);
        auto const next = co_await t.exchange(make_request("POST", "/next", "{}"), ok);
        EXPECT_EQ(next.request.target, "/next");
        EXPECT_EQ(next.answer.raw, ok);
    };
    run(story(*this));
}

TEST_F(tunnels, are_only_for_websockets) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const both = co_await t.exchange(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nX-Kept: 1\r\n\r\n",
            ok);
        EXPECT_EQ(both.request.raw, "GET / HTTP/1.1\r\nHost: x\r\nX-Kept: 1\r\n\r\n");
        EXPECT_EQ(both.answer.raw, ok);
    };
    run(story(*this));
}
