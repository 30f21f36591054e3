// The bodies of requests on their way to the host.
#include "support/wire_fixture.hpp"

#include <gmock/gmock.h>

#include <boost/asio/detached.hpp>

#include <cstdio>
#include <vector>

using namespace secondwind::test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

constexpr char const* chunked_head =
    "POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    "X-Kept: 1\r\n\r\n";

struct request_bodies : with_wire {
    void keep_at_most(std::uint64_t bytes) { w.settings.limits.replay_buffer = bytes; }
};

std::string counted(std::size_t size) {
    std::string text;
    for (std::size_t n = 0; text.size() < size; ++n)
        text += std::to_string(n) + ",";
    text.resize(size);
    return text;
}

std::string in_chunks(std::string const& body, std::size_t each) {
    std::string out;
    char size[20];
    for (std::size_t at = 0; at < body.size(); at += each) {
        auto const piece = body.substr(at, each);
        std::snprintf(size, sizeof size, "%zx;x=1\r\n", piece.size());
        out += size + piece + "\r\n";
    }
    return out + "0\r\nT: 1\r\n\r\n";
}

asio::awaitable<void> feed(wire& to, std::string bytes) {
    co_await to.send(std::move(bytes));
}

} // namespace

TEST_F(request_bodies, in_any_framing_arrive_with_one_length) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const both = co_await t.exchange(chunked_head + in_chunks("hello world", 4), ok);
        EXPECT_EQ(both.request.raw, "POST /v1/x HTTP/1.1\r\nHost: x\r\nX-Kept: 1\r\n"
                                    "Content-Length: 11\r\n\r\nhello world");
        auto const twice =
            co_await t.exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 003\r\n\r\nabc", ok);
        EXPECT_EQ(twice.request.head.field("Content-Length"), "3");
        EXPECT_EQ(twice.request.body, "abc");
        auto const with_get =
            co_await t.exchange("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", ok);
        EXPECT_EQ(with_get.request.body, "abc");
        auto const empty = co_await t.exchange(std::string{chunked_head} + "0\r\n\r\n", ok);
        EXPECT_EQ(empty.request.head.field("Content-Length"), "0");
    };
    run(story(*this));
}

TEST_F(request_bodies, split_anywhere_are_the_same_request) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        wire* peer = nullptr;
        std::vector<std::string> const forms{std::string{chunked_head} +
                                                 "3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n",
                                             make_request("POST", "/v1/x", "abcde")};
        for (auto const& sent : forms) {
            for (std::size_t cut = 1; cut < sent.size(); ++cut) {
                co_await client->send(sent.substr(0, cut));
                co_await asio::post(t.w.io, asio::use_awaitable);
                co_await asio::post(t.w.io, asio::use_awaitable);
                co_await client->send(sent.substr(cut));
                if (!peer)
                    peer = co_await t.accepted();
                auto const request = co_await peer->read_request();
                EXPECT_EQ(request.target, "/v1/x") << "cut at " << cut;
                EXPECT_EQ(request.body, "abcde") << "cut at " << cut;
                co_await peer->send(ok);
                auto const answer = co_await client->read_answer();
                EXPECT_EQ(answer.raw, ok);
            }
        }
    };
    run(story(*this));
}

TEST_F(request_bodies, sent_byte_by_byte_are_the_same_request) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const sent = chunked_head + in_chunks("hello world", 4) + make_request("GET", "/b");
        for (char const byte : sent) {
            co_await client->send(std::string(1, byte));
            co_await asio::post(t.w.io, asio::use_awaitable);
        }
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_EQ(request.body, "hello world");
        co_await peer->send(ok);
        auto const next = co_await peer->read_request();
        EXPECT_EQ(next.target, "/b");
    };
    run(story(*this));
}

TEST_F(request_bodies, of_many_megabytes_arrive_complete_and_are_freed) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const body = counted(8'000'000);
        auto* client = co_await t.connected();
        asio::co_spawn(t.w.io, feed(*client, make_request("POST", "/", body)), asio::detached);
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_TRUE(request.body == body);
        EXPECT_EQ(t.w.proxy->shared().budget.used(), body.size());
        // A recovery may need the model that it names until its answer is complete, and no longer.
        co_await peer->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        co_await client->read_until("1\r\na\r\n");
        EXPECT_EQ(t.w.proxy->shared().budget.used(), body.size());
        co_await peer->send("0\r\n\r\n");
        auto const let_go = [&] { return t.w.proxy->shared().budget.used() == 0; };
        co_await t.until(let_go);
    };
    run(story(*this));
}

TEST_F(request_bodies, larger_than_the_buffer_are_streamed_on_with_their_length) {
    keep_at_most(100'000);
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const body = counted(2'000'000);
        auto* client = co_await t.connected();
        asio::co_spawn(t.w.io, feed(*client, make_request("POST", "/", body)), asio::detached);
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_EQ(request.head.field("Content-Length"), "2000000");
        EXPECT_TRUE(request.body == body);
        co_await peer->send(ok);
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.raw, ok);
        // Both connections stay open.
        auto const both = co_await t.exchange(make_request("GET", "/next"), ok);
        EXPECT_EQ(both.answer.raw, ok);
    };
    run(story(*this));
}

TEST_F(request_bodies, larger_than_the_buffer_and_of_unknown_length_are_streamed_on_in_chunks) {
    keep_at_most(100'000);
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const body = counted(2'000'000);
        auto* client = co_await t.connected();
        asio::co_spawn(t.w.io,
                       feed(*client, chunked_head + in_chunks(body, 70'001) +
                                         make_request("GET", "/pipelined")),
                       asio::detached);
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_FALSE(request.head.field("Content-Length"));
        EXPECT_EQ(request.head.count("Transfer-Encoding"), 1u);
        EXPECT_THAT(request.raw, Not(HasSubstr(";x=1")));
        EXPECT_THAT(request.raw, testing::EndsWith("\r\n0\r\n\r\n"));
        EXPECT_TRUE(request.body == body);
        co_await peer->send(ok);
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.raw, ok);
        auto const next = co_await peer->read_request();
        EXPECT_EQ(next.target, "/pipelined");
    };
    run(story(*this));
}

TEST_F(request_bodies, larger_than_the_total_buffer_are_streamed_on_too) {
    w.settings.limits.replay_buffer_total = 10;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const both = co_await t.exchange(make_request("POST", "/", "12345678901"), ok);
        EXPECT_EQ(both.request.body, "12345678901");
        EXPECT_EQ(t.w.proxy->shared().budget.used(), 0u);
        auto const chunked =
            co_await t.exchange(chunked_head + in_chunks("1234567890123456789", 4), ok);
        EXPECT_EQ(chunked.request.body, "1234567890123456789");
    };
    run(story(*this));
}

TEST_F(request_bodies, streamed_on_and_broken_half_way_never_look_complete) {
    keep_at_most(10);
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(chunked_head + std::string{"14\r\n12345678901234567890\r\n"});
        auto* peer = co_await t.accepted();
        co_await peer->read_until("12345678901234567890\r\n");
        co_await client->send("zz\r\n");
        auto const left = co_await peer->read_to_end();
        EXPECT_EQ(left.bytes, "");
        auto const all = co_await client->read_to_end();
        EXPECT_THAT(all.bytes, StartsWith("HTTP/1.1 400 "));
        client->close();
        co_await t.at_rest();
    };
    run(story(*this));
}

TEST_F(request_bodies, streamed_on_and_abandoned_by_the_client_end_at_the_host) {
    keep_at_most(10);
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" +
                              std::string(50, 'x'));
        auto* peer = co_await t.accepted();
        co_await peer->read_until(std::string(50, 'x'));
        client->close();
        co_await peer->wait_closed();
        co_await t.at_rest();
    };
    run(story(*this));
}

TEST_F(request_bodies, streamed_on_beyond_limits_body_are_refused) {
    keep_at_most(10);
    w.settings.limits.body = 40;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(chunked_head + std::string{"14\r\n12345678901234567890\r\n"});
        auto* peer = co_await t.accepted();
        co_await peer->read_until("12345678901234567890\r\n");
        co_await client->send("15\r\n123456789012345678901\r\n");
        co_await peer->wait_closed();
        auto const all = co_await client->read_to_end();
        EXPECT_THAT(all.bytes, StartsWith("HTTP/1.1 413 "));
    };
    run(story(*this));
}

TEST_F(request_bodies, may_be_answered_before_their_end) {
    keep_at_most(10);
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" +
                              std::string(50'000, 'x'));
        auto* peer = co_await t.accepted();
        co_await peer->read_until("xxx");
        co_await peer->send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
        peer->half_close();
        co_await client->send(std::string(1'000, 'x'));
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n"
                             "Connection: close\r\n\r\nno");
        EXPECT_EQ(all.ending, ending::fin);
    };
    run(story(*this));
}

TEST_F(request_bodies, a_client_that_waits_for_100_gets_one_from_the_proxy) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                              "Expect: 100-continue\r\n\r\n");
        auto const go_on = co_await client->read_answer();
        EXPECT_EQ(go_on.raw, "HTTP/1.1 100 Continue\r\n\r\n");
        EXPECT_TRUE(t.host.nobody_waits());
        co_await client->send("body");
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_FALSE(request.head.field("Expect"));
        EXPECT_EQ(request.body, "body");
        co_await peer->send(std::string{"HTTP/1.1 100 Continue\r\n\r\n"} + ok);
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.raw, ok);

        // A client that sends its body at once gets no 100, and an unknown expectation is refused.
        auto const both = co_await t.exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                                              "Expect: 100-continue\r\n\r\nbody",
                                              ok);
        EXPECT_EQ(both.answer.raw, ok);
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                              "Expect: more\r\n\r\nbody");
        auto const refused = co_await client->read_answer();
        EXPECT_EQ(refused.status, 417);
    };
    run(story(*this));
}
