// Timeouts, and the consequence of each.
#include "support/log_file.hpp"
#include "support/wire_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <gtest/gtest-spi.h>

using namespace secondwind::test;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;
using namespace boost::asio::experimental::awaitable_operators;

namespace wire_timeouts_test {

struct timeouts : with_wire {};

TEST_F(timeouts, bound_the_time_of_a_head) {
    w.settings.timeouts.request_head = 50ms;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const late = co_await t.own_answer("GET / HTTP/1.1\r\nHo");
        EXPECT_THAT(late, StartsWith("HTTP/1.1 408 "));
        auto const nothing = co_await t.own_answer("\r\n");
        EXPECT_EQ(nothing, "");
    };
    run(story(*this));
}

TEST_F(timeouts, bound_the_time_between_the_bytes_of_a_body) {
    w.settings.timeouts.body_idle = 50ms;
    w.settings.limits.replay_buffer = 100;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const late =
            co_await t.own_answer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
        EXPECT_THAT(late, StartsWith("HTTP/1.1 408 "));
        auto const chunked =
            co_await t.own_answer("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "4\r\nhalf");
        EXPECT_THAT(chunked, StartsWith("HTTP/1.1 408 "));
    };
    run(story(*this));
}

TEST_F(timeouts, bound_the_time_between_the_bytes_of_a_body_that_is_streamed_on) {
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

TEST_F(timeouts, bound_the_time_between_a_connection_and_its_first_request) {
    w.settings.timeouts.request_head = 50ms;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const before = co_await t.own_answer("");
        EXPECT_EQ(before, "");
        // Not between two requests.
        co_await t.exchange(make_request("GET", "/"), ok);
        co_await t.deadlines_met(100ms);
        co_await t.exchange(make_request("GET", "/"), ok);
        EXPECT_EQ(t.clients.size(), 1U);
    };
    run(story(*this));
}

TEST_F(timeouts, bound_the_time_between_requests) {
    w.settings.timeouts.client_idle = 50ms;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"), ok);
        auto const end = co_await t.clients.back().wait_closed();
        EXPECT_EQ(end, ending::fin);
    };
    run(story(*this));
}

TEST_F(timeouts, bound_the_first_byte_of_an_answer) {
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
        // It does not bound the bytes after it, and the client's connection stays open.
        co_await client->send(make_request("POST", "/", "{}"));
        auto* again = co_await t.accepted();
        co_await again->read_request();
        co_await again->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nto");
        co_await client->read_until("to");
        // A later request is late by now.
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

TEST_F(timeouts, bound_the_time_of_a_connect) {
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

TEST_F(timeouts, bound_an_idle_connection_to_the_host) {
    w.settings.timeouts.host_idle = 50ms;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"), ok);
        auto const end = co_await t.peers.back().wait_closed();
        EXPECT_EQ(end, ending::fin);
        EXPECT_EQ(t.w.proxy->shared().hosts[0].pool.idle(), 0u);
    };
    run(story(*this));
}

TEST_F(timeouts, bound_an_idle_connection_that_the_host_names) {
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
        EXPECT_EQ(t.w.proxy->shared().hosts[0].pool.idle(), 1u);
    };
    run(story(*this));
}

TEST_F(timeouts, bound_the_time_that_a_client_does_not_read) {
    w.settings.timeouts.write_stall = 50ms;
    start();
    log_file log;
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        co_await t.stuff(*peer, 100'000'000);
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

TEST_F(timeouts, of_a_body_that_was_streamed_on_do_not_bound_the_time_that_a_client_does_not_read) {
    w.settings.limits.replay_buffer = 64 * 1024;
    w.settings.timeouts.body_idle = 20ms;
    start();
    log_file log;
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        constexpr std::size_t size = 30'000'000;
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n");
        auto* peer = co_await t.accepted(); // the proxy waits for the body
        co_await client->send(std::string(500'000, 'b'));
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n");
        auto const taken = co_await t.stuff(*peer, size);
        EXPECT_LT(taken, size);
        co_await t.deadlines_met(40ms);
        auto const head = co_await client->read_head();
        EXPECT_EQ(status_of(head), 200);
        auto const both =
            co_await (peer->send(std::string(size - taken, 'x')) && client->read_exactly(size));
        EXPECT_TRUE(std::get<1>(both) == std::string(size, 'x'));
        client->close();
        co_await t.at_rest();
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines.front().at("status"), 200);
    EXPECT_EQ(lines.front().at("ended"), "complete");
}

TEST_F(timeouts, that_outlive_their_phase_fail_every_test) {
    start();
    secondwind::net::deadline_slot slot{w.proxy->shared().deadlines};
    secondwind::net::scoped_deadline forgotten{slot, "body_idle", 1h, [] {}};
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await asio::post(t.w.io, asio::use_awaitable);
    };
    testing::TestPartResultArray failures;
    {
        testing::ScopedFakeTestPartResultReporter const caught{
            testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures};
        run(story(*this));
    }
    ASSERT_GT(failures.size(), 0);
    EXPECT_THAT(failures.GetTestPartResult(0).message(), HasSubstr("body_idle outlived the body"));
}

} // namespace wire_timeouts_test
