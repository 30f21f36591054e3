// Bounds on what a client may send, on time, and on what is held for one that does not read.
#include "support/log_file.hpp"
#include "support/wire_fixture.hpp"

using namespace secondwind::test;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

namespace {

constexpr char const* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct bounds : with_wire {};

// What a client gets that sends this, until its connection ends.
asio::awaitable<std::string> told(with_wire& t, std::string sent) {
    raw_client client{t.w.io};
    co_await client.connect(t.w.port());
    co_await client.send(std::move(sent));
    auto all = co_await client.read_to_end();
    EXPECT_EQ(all.ending, ending::fin);
    client.close();
    co_await t.at_rest();
    EXPECT_TRUE(t.host.nobody_waits());
    co_return std::move(all.bytes);
}

// Writes until nothing is taken any more for many turns of the event loop; gives how much was.
asio::awaitable<std::size_t> stuff(with_wire& t, wire& to, std::size_t most) {
    to.socket().non_blocking(true);
    std::string const block(256 * 1024, 'x');
    std::size_t sent = 0;
    int refused = 0;
    boost::system::error_code ec;
    while (refused < 2000 && sent < most) {
        auto const n = to.socket().write_some(
            asio::buffer(block.data(), std::min(block.size(), most - sent)), ec);
        sent += n;
        refused = ec ? refused + 1 : 0;
        co_await asio::post(t.w.io, asio::use_awaitable);
    }
    co_return sent;
}

} // namespace

TEST_F(bounds, on_the_head_its_fields_and_its_target) {
    w.settings.limits.head = 1000;
    w.settings.limits.fields = 5;
    w.settings.limits.target = 100;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const head =
            co_await told(t, make_request("GET", "/", {}, "X: " + std::string(1000, 'x')));
        EXPECT_THAT(head, StartsWith("HTTP/1.1 431 "));
        auto const fields = co_await told(
            t, make_request("GET", "/", {}, "A: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n"));
        EXPECT_THAT(fields, StartsWith("HTTP/1.1 431 "));
        auto const target = co_await told(t, make_request("GET", "/" + std::string(100, 'x')));
        EXPECT_THAT(target, StartsWith("HTTP/1.1 414 "));
        auto const just = co_await t.exchange(make_request("GET", "/" + std::string(99, 'x')), ok);
        EXPECT_EQ(just.answer.raw, ok);
    };
    run(story(*this));
}

TEST_F(bounds, on_the_body) {
    w.settings.limits.body = 10;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const length =
            co_await told(t, make_request("POST", "/v1/messages", std::string(11, 'x')));
        EXPECT_THAT(length, StartsWith("HTTP/1.1 413 "));
        EXPECT_THAT(length, HasSubstr(R"({"type":"error")"));
        // Not even asked for.
        auto const expected =
            co_await told(t, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n"
                             "Expect: 100-continue\r\n\r\n");
        EXPECT_THAT(expected, StartsWith("HTTP/1.1 413 "));
        auto const chunked =
            co_await told(t, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "6\r\n123456\r\n5\r\n12345\r\n0\r\n\r\n");
        EXPECT_THAT(chunked, StartsWith("HTTP/1.1 413 "));
        auto const just = co_await t.exchange(make_request("POST", "/", "1234567890"), ok);
        EXPECT_EQ(just.answer.raw, ok);
    };
    run(story(*this));
}

TEST_F(bounds, on_connections_tell_when_to_come_back) {
    w.settings.limits.connections = 1;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* first = co_await t.connected();
        auto* second = co_await t.connected();
        auto const all = co_await second->read_to_end();
        EXPECT_THAT(all.bytes, StartsWith("HTTP/1.1 503 "));
        EXPECT_THAT(all.bytes, HasSubstr("Retry-After: 1\r\n"));
        second->close();
        first->close();
        co_await t.at_rest();
        auto* third = co_await t.connected();
        co_await third->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
    };
    run(story(*this));
}

TEST_F(bounds, on_the_time_of_a_head) {
    w.settings.timeouts.request_head = 50ms;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const late = co_await told(t, "GET / HTTP/1.1\r\nHo");
        EXPECT_THAT(late, StartsWith("HTTP/1.1 408 "));
        auto const nothing = co_await told(t, "\r\n");
        EXPECT_EQ(nothing, "");
    };
    run(story(*this));
}

TEST_F(bounds, on_the_time_between_the_bytes_of_a_body) {
    w.settings.timeouts.body_idle = 50ms;
    w.settings.limits.replay_buffer = 100;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const late =
            co_await told(t, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
        EXPECT_THAT(late, StartsWith("HTTP/1.1 408 "));
        auto const chunked =
            co_await told(t, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "4\r\nhalf");
        EXPECT_THAT(chunked, StartsWith("HTTP/1.1 408 "));
    };
    run(story(*this));
}

TEST_F(bounds, on_the_time_between_the_bytes_of_a_body_that_is_streamed_on) {
    w.settings.timeouts.body_idle = 50ms;
    w.settings.limits.replay_buffer = 10;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf");
        auto* peer = co_await t.accepted();
        co_await peer->wait_closed();
        auto const all = co_await client->read_to_end();
        EXPECT_THAT(all.bytes, StartsWith("HTTP/1.1 408 "));
    };
    run(story(*this));
}

TEST_F(bounds, on_the_time_between_requests) {
    w.settings.timeouts.client_idle = 50ms;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const before = co_await told(t, "");
        EXPECT_EQ(before, "");
        co_await t.exchange(make_request("GET", "/"), ok);
        auto const end = co_await t.clients.back().wait_closed();
        EXPECT_EQ(end, ending::fin);
    };
    run(story(*this));
}

TEST_F(bounds, on_the_first_byte_of_an_answer) {
    w.settings.timeouts.first_byte = 50ms;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/", "{}"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->wait_closed();
        auto const late = co_await client->read_answer();
        EXPECT_EQ(late.status, 504);
        // It does not bound what comes after it, and the client's connection goes on.
        co_await client->send(make_request("POST", "/", "{}"));
        auto* again = co_await t.accepted();
        co_await again->read_request();
        co_await again->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nto");
        co_await client->read_until("to");
        // One that was asked later is late by now.
        auto* other = co_await t.connected();
        co_await other->send(make_request("POST", "/", "{}"));
        auto const other_late = co_await other->read_answer();
        EXPECT_EQ(other_late.status, 504);
        co_await again->send("go");
        auto const rest = co_await client->read_exactly(2);
        EXPECT_EQ(rest, "go");
    };
    run(story(*this));
}

TEST_F(bounds, on_the_time_of_a_connect) {
    w.settings.timeouts.connect = 50ms;
    asio::ip::tcp::acceptor full{w.io};
    full.open(asio::ip::tcp::v4());
    full.bind({asio::ip::address_v4::loopback(), 0});
    full.listen(0);
    asio::ip::tcp::socket filler{w.io};
    filler.connect(full.local_endpoint());
    w.start(full.local_endpoint().port());
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const answer = co_await client->post("/", "{}");
        EXPECT_EQ(answer.status, 502);
        EXPECT_THAT(answer.body, HasSubstr("did not accept a connection in time"));
    };
    run(story(*this));
}

TEST_F(bounds, on_an_idle_connection_to_the_host) {
    w.settings.timeouts.host_idle = 50ms;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"), ok);
        auto const end = co_await t.peers.back().wait_closed();
        EXPECT_EQ(end, ending::fin);
        EXPECT_EQ(t.w.proxy->shared().host.pool.idle(), 0u);
    };
    run(story(*this));
}

TEST_F(bounds, on_an_idle_connection_that_the_host_names) {
    w.settings.timeouts.host_idle = 3600s;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"),
                            "HTTP/1.1 204 No\r\nKeep-Alive: timeout=1\r\n\r\n");
        auto const end = co_await t.peers.back().wait_closed();
        EXPECT_EQ(end, ending::fin);
        auto& client = t.clients.back();
        co_await client.send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 204 No\r\nKeep-Alive: timeout=5\r\n\r\n");
        co_await client.read_answer();
        EXPECT_EQ(t.w.proxy->shared().host.pool.idle(), 1u);
    };
    run(story(*this));
}

TEST_F(bounds, on_a_client_that_does_not_read_hold_the_host_back) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        constexpr std::size_t size = 64 * 1024 * 1024;
        auto* client = co_await t.connected();
        client->socket().set_option(asio::socket_base::receive_buffer_size{64 * 1024});
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) +
                            "\r\n\r\n");
        auto const taken = co_await stuff(t, *peer, size);
        EXPECT_LT(taken, size / 2); // what two pairs of sockets hold, and nothing besides
        auto const all = co_await client->read_until("\r\n\r\n");
        // It reads again, and nothing was lost.
        std::size_t got = 0;
        while (got < taken) {
            auto const some = co_await client->read_some();
            got += some.size();
        }
        EXPECT_EQ(got, taken);
    };
    run(story(*this));
}

TEST_F(bounds, on_the_time_that_a_client_does_not_read) {
    w.settings.timeouts.write_stall = 50ms;
    start();
    log_file log;
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        co_await stuff(t, *peer, 100'000'000);
        auto const host_end = co_await peer->wait_closed();
        EXPECT_NE(host_end, ending::open);
        auto const client_end = co_await client->wait_closed();
        EXPECT_EQ(client_end, ending::rst);
        co_await t.at_rest();
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines.front().at("ended"), "stalled");
}
