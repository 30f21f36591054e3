// Tests of the tests' tools: a tool that can't fail proves nothing.
#include "support/raw_client.hpp"
#include "support/raw_host.hpp"
#include "support/run.hpp"

#include <gmock/gmock.h>

#include <boost/asio/steady_timer.hpp>

using namespace secondwind::test;

namespace {

asio::awaitable<int> throwing() {
    throw std::runtime_error{"from inside"};
    co_return 1;
}

asio::awaitable<int> giving(int value) {
    co_return value;
}

// Records that its frame was destroyed.
asio::awaitable<void> waiting_forever(std::shared_ptr<int> held) {
    asio::steady_timer timer{co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max()};
    co_await timer.async_wait(nothrow);
    *held = 1;
}

struct raw_pair : testing::Test {
    asio::io_context io;
    raw_host host{io};
    raw_client client{io};
};

} // namespace

TEST(run_of_tests, gives_the_result_and_rethrows) {
    asio::io_context io;
    EXPECT_EQ(run(io, giving(4)), 4);
    EXPECT_THROW(run(io, throwing()), std::runtime_error);
}

TEST(run_of_tests, fails_after_its_limit_and_leaves_no_frame) {
    asio::io_context io;
    auto const held = std::make_shared<int>(0);
    EXPECT_THROW(run(io, waiting_forever(held), std::chrono::milliseconds{20}), timed_out);
    EXPECT_EQ(held.use_count(), 1);
}

TEST_F(raw_pair, a_request_is_read_with_its_body_in_any_framing) {
    auto task = [](raw_pair& t) -> asio::awaitable<void> {
        co_await t.client.connect(t.host.port());
        auto peer = co_await t.host.accept();
        co_await t.client.send(
            make_request("POST", "/a", "12345") +
            "PUT /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\n"
            "cde\r\n0\r\nT: 1\r\n\r\n" +
            make_request("GET", "/c"));
        auto const a = co_await peer.read_request();
        EXPECT_EQ(a.method, "POST");
        EXPECT_EQ(a.target, "/a");
        EXPECT_EQ(a.body, "12345");
        auto const b = co_await peer.read_request();
        EXPECT_EQ(b.body, "abcde");
        EXPECT_THAT(b.raw, testing::EndsWith("T: 1\r\n\r\n"));
        auto const c = co_await peer.read_request();
        EXPECT_EQ(c.target, "/c");
        EXPECT_EQ(c.body, "");
    };
    run(io, task(*this));
}

TEST_F(raw_pair, answers_are_framed_by_length_by_chunks_and_by_the_end) {
    auto task = [](raw_pair& t) -> asio::awaitable<void> {
        co_await t.client.connect(t.host.port());
        auto peer = co_await t.host.accept();
        co_await peer.send(
            "HTTP/1.1 100 Continue\r\n\r\n"
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"
            "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n"
            "HTTP/1.1 200 OK\r\n\r\nrest");
        peer.close();
        auto const one = co_await t.client.read_answer();
        EXPECT_EQ(one.status, 100);
        auto const two = co_await t.client.read_answer();
        EXPECT_EQ(two.body, "abc");
        auto const three = co_await t.client.read_answer();
        EXPECT_EQ(three.body, "abc");
        EXPECT_EQ(three.chunks.size(), 2U);
        auto const four = co_await t.client.read_answer();
        EXPECT_EQ(four.status, 204);
        EXPECT_EQ(four.body, "");
        auto const five = co_await t.client.read_answer();
        EXPECT_EQ(five.body, "rest");
        EXPECT_TRUE(five.complete);
        EXPECT_EQ(five.ending, ending::fin);
    };
    run(io, task(*this));
}

TEST_F(raw_pair, a_truncated_answer_is_not_complete_and_says_how_it_ended) {
    auto task = [](raw_pair& t, std::string text, bool reset,
                   ending expected) -> asio::awaitable<void> {
        raw_client guest{t.io};
        co_await guest.connect(t.host.port());
        auto peer = co_await t.host.accept();
        co_await peer.send(text);
        auto const head = co_await guest.read_until("\r\n\r\n");
        // An RST may overtake the bytes before it, so they are read first.
        auto const part = co_await guest.read_some();
        if (reset)
            peer.reset();
        else
            peer.close();
        auto const rest = co_await guest.read_to_end();
        EXPECT_EQ(rest.ending, expected);
        EXPECT_EQ(head + part + rest.bytes, text);
    };
    std::string const text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    run(io, task(*this, text, false, ending::fin));
    run(io, task(*this, text, true, ending::rst));

    auto whole = [](raw_pair& t, std::string cut) -> asio::awaitable<void> {
        raw_client guest{t.io};
        co_await guest.connect(t.host.port());
        auto peer = co_await t.host.accept();
        co_await peer.send(cut);
        peer.close();
        auto const a = co_await guest.read_answer();
        EXPECT_FALSE(a.complete) << cut;
        EXPECT_EQ(a.ending, ending::fin);
    };
    run(io, whole(*this, text));
    run(io, whole(*this, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"));
    run(io,
        whole(*this, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n"));
}

TEST_F(raw_pair, the_host_sees_how_its_client_left) {
    auto task = [](raw_pair& t, int how, ending expected) -> asio::awaitable<void> {
        raw_client guest{t.io};
        co_await guest.connect(t.host.port());
        auto peer = co_await t.host.accept();
        if (how == 0)
            guest.close();
        else if (how == 1)
            guest.half_close();
        else
            guest.reset();
        auto const ended = co_await peer.wait_closed();
        EXPECT_EQ(ended, expected);
    };
    run(io, task(*this, 0, ending::fin));
    run(io, task(*this, 1, ending::fin));
    run(io, task(*this, 2, ending::rst));
}

TEST_F(raw_pair, an_early_end_throws) {
    auto task = [](raw_pair& t) -> asio::awaitable<void> {
        co_await t.client.connect(t.host.port());
        auto peer = co_await t.host.accept();
        co_await peer.send("half");
        peer.close();
        co_await t.client.read_until("\r\n\r\n");
    };
    EXPECT_THROW(run(io, task(*this)), connection_ended);
}

TEST_F(raw_pair, a_stopped_host_refuses) {
    auto const port = host.port();
    EXPECT_TRUE(host.nobody_waits());
    host.stop();
    auto task = [](raw_pair& t, std::uint16_t to) -> asio::awaitable<void> {
        co_await t.client.connect(to);
    };
    EXPECT_THROW(run(io, task(*this, port)), boost::system::system_error);
}

TEST(chunks_of_tests, are_decoded_at_every_split_only_when_they_are_complete) {
    std::string const whole = "3\r\nabc\r\na;x=\"y\"\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
        EXPECT_FALSE(decode_chunked(whole.substr(0, cut)).size) << cut;
    auto const body = decode_chunked(whole + "next");
    EXPECT_EQ(body.size, whole.size());
    EXPECT_EQ(body.data, "abc0123456789");
    EXPECT_THROW(decode_chunked("3\r\nabcd\r\n"), std::runtime_error);
    EXPECT_THROW(decode_chunked("x\r\n"), std::runtime_error);
}
