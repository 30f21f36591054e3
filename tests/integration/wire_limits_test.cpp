// Limits on what a client may send, and on what is held for a client that does not read.
#include "support/wire_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind::test;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

namespace {

struct bounds : with_wire {};

} // namespace

TEST_F(bounds, on_the_head_its_fields_and_its_target) {
    w.settings.limits.head = 1000;
    w.settings.limits.fields = 5;
    w.settings.limits.target = 100;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const head =
            co_await t.own_answer(make_request("GET", "/", {}, "X: " + std::string(1000, 'x')));
        EXPECT_THAT(head, StartsWith("HTTP/1.1 431 "));
        auto const fields = co_await t.own_answer(
            make_request("GET", "/", {}, "A: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n"));
        EXPECT_THAT(fields, StartsWith("HTTP/1.1 431 "));
        auto const target = co_await t.own_answer(make_request("GET", "/" + std::string(100, 'x')));
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
            co_await t.own_answer(make_request("POST", "/v1/messages", std::string(11, 'x')));
        EXPECT_THAT(length, StartsWith("HTTP/1.1 413 "));
        EXPECT_THAT(length, HasSubstr(R"({"type":"error")"));
        // The proxy does not even ask for the body.
        auto const expected =
            co_await t.own_answer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n"
                                  "Expect: 100-continue\r\n\r\n");
        EXPECT_THAT(expected, StartsWith("HTTP/1.1 413 "));
        auto const chunked =
            co_await t.own_answer("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "6\r\n123456\r\n5\r\n12345\r\n0\r\n\r\n");
        EXPECT_THAT(chunked, StartsWith("HTTP/1.1 413 "));
        auto const just = co_await t.exchange(make_request("POST", "/", "1234567890"), ok);
        EXPECT_EQ(just.answer.raw, ok);
    };
    run(story(*this));
}

TEST_F(bounds, on_the_extensions_and_trailers_of_a_chunked_body) {
    w.settings.limits.chunk_extensions = 8;
    w.settings.limits.trailers = 8;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        std::string const head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        auto const extensions = co_await t.own_answer(head + "1;abcd=efgh\r\nx\r\n0\r\n\r\n");
        EXPECT_THAT(extensions, StartsWith("HTTP/1.1 400 "));
        EXPECT_THAT(extensions, HasSubstr("chunk_extensions_too_large"));
        auto const trailers = co_await t.own_answer(head + "1\r\nx\r\n0\r\nabcd:efgh\r\n\r\n");
        EXPECT_THAT(trailers, StartsWith("HTTP/1.1 400 "));
        EXPECT_THAT(trailers, HasSubstr("trailers_too_large"));
        auto const just = co_await t.exchange(head + "1;abc=ef\r\nx\r\n0\r\nabc:ef\r\n\r\n", ok);
        EXPECT_EQ(just.answer.raw, ok);
    };
    run(story(*this));
}

TEST_F(bounds, on_connections_announce_when_to_retry) {
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

TEST_F(bounds, on_connections_let_idle_clients_give_way_the_longest_idle_first) {
    w.settings.limits.connections = 3;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* busy = co_await t.connected();
        co_await busy->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        std::vector<raw_client*> idle;
        std::vector<wire*> hosts;
        for (int i = 0; i < 4; ++i) {
            idle.push_back(co_await t.connected());
            co_await idle.back()->send(make_request("GET", "/"));
            if (i == 0)
                hosts.push_back(co_await t.accepted());
            co_await hosts.back()->read_request();
            co_await hosts.back()->send(ok);
            auto const answer = co_await idle.back()->read_answer();
            EXPECT_EQ(answer.status, 200);
            EXPECT_TRUE(answer.complete);
        }
        for (int i = 0; i < 2; ++i) {
            auto const end = co_await idle[static_cast<std::size_t>(i)]->wait_closed();
            EXPECT_EQ(end, ending::fin);
        }
        co_await peer->send(ok);
        auto const last = co_await busy->read_answer();
        EXPECT_EQ(last.status, 200);
        EXPECT_EQ(t.w.proxy->sessions(), 3U);
    };
    run(story(*this));
}

TEST_F(bounds, on_connections_let_silent_clients_give_way_after_a_second) {
    w.settings.limits.connections = 1;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* silent = co_await t.connected();
        auto const there = [&t] { return t.w.proxy->sessions() == 1; };
        co_await t.until(there);
        co_await t.deadlines_met(1100ms);
        auto* next = co_await t.connected();
        co_await next->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        auto const end = co_await silent->wait_closed();
        EXPECT_EQ(end, ending::fin);
        // It is busy now.
        auto* late = co_await t.connected();
        auto const all = co_await late->read_to_end();
        EXPECT_THAT(all.bytes, StartsWith("HTTP/1.1 503 "));
    };
    run(story(*this));
}

TEST_F(bounds, on_descriptors_bound_the_connections) {
    start();
    w.proxy->limit_descriptors(64);
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        for (std::size_t i = 0; i < 16; ++i)
            co_await t.connected();
        auto const there = [&t] { return t.w.proxy->sessions() == 16; };
        co_await t.until(there);
        for (int i = 0; i < 8; ++i)
            co_await t.connected();
        auto const refused = [&t] { return t.w.proxy->sessions() == 24; };
        co_await t.until(refused);
        auto* last = co_await t.connected();
        auto const nothing = co_await last->read_to_end();
        EXPECT_EQ(nothing.bytes, "");
        auto const told = co_await t.clients.back().wait_closed();
        EXPECT_NE(told, ending::open);
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
        auto const taken = co_await t.stuff(*peer, size);
        EXPECT_LT(taken, size / 2); // what two pairs of sockets hold, and nothing more
        auto const all = co_await client->read_until("\r\n\r\n");
        // The client reads again, and nothing was lost.
        std::size_t got = 0;
        while (got < taken) {
            auto const some = co_await client->read_some();
            got += some.size();
        }
        EXPECT_EQ(got, taken);
    };
    run(story(*this));
}
