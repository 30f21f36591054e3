#include "support/changeable_settings.hpp"
#include "support/raw_host.hpp"
#include "support/run.hpp"

#include <secondwind/host/call.hpp>

#include <gmock/gmock.h>

#include <boost/asio/post.hpp>

#include <optional>
#include <string>

using namespace secondwind;
using namespace std::chrono_literals;
using namespace secondwind::test;
using host::call_result;
using host::fault;

namespace {

net::deadline::clock::time_point now_of_test;

net::deadline::clock::time_point read_clock() {
    return now_of_test;
}

struct calls : testing::Test {
    calls() {
        now_of_test = {};
        upstream.port = host.port();
    }

    void run(asio::awaitable<void> story) { test::run(io, std::move(story)); }

    // Begins a call; its result comes later.
    void begin(host::call_request request, std::chrono::milliseconds limit = 10s,
               net::deadline_queue* clock = nullptr) {
        result.reset();
        auto calling = [](calls& t, host::call_request asked, std::chrono::milliseconds within,
                          net::deadline_queue& deadlines) -> net::task<void> {
            host::environment const env{t.io, deadlines, t.blocks, t.fields};
            auto got = co_await host::call(env, t.pool, asked, within, t.bound);
            t.result = std::move(got);
        };
        net::spawn(calling(*this, request, limit, clock ? *clock : queue));
    }
    asio::awaitable<call_result> ended() {
        while (!result)
            co_await asio::post(io, asio::use_awaitable);
        co_return *result;
    }
    asio::awaitable<wire*> accepted() {
        auto fresh = co_await host.accept();
        peer.emplace(std::move(fresh));
        co_return &*peer;
    }
    // A call that succeeds, so that its connection can be reused.
    asio::awaitable<void> warm() {
        begin({"GET", "/warm", {}, {}});
        auto* first = co_await accepted();
        co_await first->read_request();
        co_await first->send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        auto const got = co_await ended();
        EXPECT_FALSE(got.failure);
        EXPECT_EQ(pool.idle(), 1u);
    }

    boost::asio::io_context io;
    net::deadline_queue queue{io};
    net::block_pool blocks;
    http::field_list fields;
    raw_host host{io};
    test::changeable_settings in_force;
    config::timeouts& timeouts = in_force.values().timeouts;
    config::upstream upstream;
    host::connection_pool pool{io, queue, upstream, in_force};
    std::size_t bound = 1000;
    std::optional<call_result> result;
    std::optional<wire> peer;
};

} // namespace

TEST_F(calls, send_one_request_and_read_one_answer) {
    auto story = [](calls& t) -> asio::awaitable<void> {
        t.begin({"POST", "/api/v1/models/unload", R"({"instance_id":"a"})", "Bearer k"});
        auto* other = co_await t.accepted();
        auto const request = co_await other->read_request();
        EXPECT_EQ(request.head.first_line, "POST /api/v1/models/unload HTTP/1.1");
        EXPECT_EQ(request.head.field("Host"), "127.0.0.1:" + std::to_string(t.host.port()));
        EXPECT_EQ(request.head.field("Authorization"), "Bearer k");
        EXPECT_EQ(request.head.field("Content-Type"), "application/json");
        EXPECT_EQ(request.body, R"({"instance_id":"a"})");
        co_await other->send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n1\r\n!\r\n0\r\n\r\n");
        auto const got = co_await t.ended();
        EXPECT_FALSE(got.failure);
        EXPECT_EQ(got.status, 404);
        EXPECT_EQ(got.body, "no!");
        EXPECT_EQ(t.pool.idle(), 1u);
    };
    run(story(*this));
}

TEST_F(calls, read_an_answer_that_ends_by_closing_and_keep_no_connection) {
    auto story = [](calls& t) -> asio::awaitable<void> {
        t.begin({"GET", "/", {}, {}});
        auto* other = co_await t.accepted();
        co_await other->read_request();
        co_await other->send("HTTP/1.1 200 OK\r\n\r\n[1,");
        co_await other->send("2]");
        other->close();
        auto const got = co_await t.ended();
        EXPECT_FALSE(got.failure);
        EXPECT_EQ(got.body, "[1,2]");
        EXPECT_EQ(t.pool.idle(), 0u);
    };
    run(story(*this));
}

TEST_F(calls, are_repeated_once_if_a_reused_connection_broke) {
    auto story = [](calls& t) -> asio::awaitable<void> {
        co_await t.warm();
        t.begin({"POST", "/x", "{}", {}});
        co_await t.peer->read_request();
        t.peer->close();
        auto* other = co_await t.accepted();
        auto const request = co_await other->read_request();
        EXPECT_EQ(request.body, "{}");
        other->close();
        auto const got = co_await t.ended();
        EXPECT_EQ(got.failure.kind, fault::closed);
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(calls, are_not_repeated_once_an_answer_has_begun) {
    auto story = [](calls& t) -> asio::awaitable<void> {
        co_await t.warm();
        t.begin({"GET", "/x", {}, {}});
        co_await t.peer->read_request();
        co_await t.peer->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        t.peer->close();
        auto const got = co_await t.ended();
        EXPECT_EQ(got.failure.kind, fault::closed);
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(calls, are_not_repeated_after_an_interim_answer) {
    auto story = [](calls& t) -> asio::awaitable<void> {
        co_await t.warm();
        t.begin({"GET", "/x", {}, {}});
        co_await t.peer->read_request();
        co_await t.peer->send("HTTP/1.1 103 Early Hints\r\n\r\n");
        t.peer->half_close();
        auto const got = co_await t.ended();
        EXPECT_EQ(got.failure.kind, fault::closed);
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(calls, end_after_their_time_and_close_what_they_waited_on) {
    auto story = [](calls& t) -> asio::awaitable<void> {
        t.begin({"GET", "/", {}, {}}, 50ms);
        auto* other = co_await t.accepted();
        co_await other->read_request();
        auto const end = co_await other->wait_closed();
        EXPECT_NE(end, ending::open);
        auto const got = co_await t.ended();
        EXPECT_EQ(got.failure.kind, fault::timeout);
    };
    run(story(*this));
}

TEST_F(calls, read_no_more_than_their_limit) {
    auto story = [](calls& t) -> asio::awaitable<void> {
        t.begin({"GET", "/", {}, {}});
        auto* other = co_await t.accepted();
        co_await other->read_request();
        co_await other->send("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" +
                             std::string(1001, 'x'));
        auto const got = co_await t.ended();
        EXPECT_EQ(got.failure.kind, fault::too_large);
        EXPECT_EQ(t.pool.idle(), 0u);
    };
    run(story(*this));
}

TEST_F(calls, report_an_answer_that_is_not_http_and_a_host_that_is_down) {
    auto story = [](calls& t) -> asio::awaitable<void> {
        t.begin({"GET", "/", {}, {}});
        auto* other = co_await t.accepted();
        co_await other->read_request();
        co_await other->send("nonsense\r\n\r\n");
        auto const garbage = co_await t.ended();
        EXPECT_EQ(garbage.failure.kind, fault::malformed);

        t.host.stop();
        t.begin({"GET", "/", {}, {}});
        auto const refused = co_await t.ended();
        EXPECT_EQ(refused.failure.kind, fault::connect);
        EXPECT_THAT(host::describe(refused.failure), testing::HasSubstr("refused"));
    };
    run(story(*this));
}

namespace {

struct calls_by_their_clock : calls {
    calls_by_their_clock() { timeouts.connect = 5s; }
    void pass(std::chrono::milliseconds span) {
        now_of_test += span;
        clock.expire();
    }
    net::deadline_queue clock{io, &read_clock};
};

} // namespace

TEST_F(calls_by_their_clock, that_are_sent_again_take_no_longer_than_their_limit_in_all) {
    auto story = [](calls_by_their_clock& t) -> asio::awaitable<void> {
        co_await t.warm();
        t.begin({"GET", "/x", {}, {}}, 10s, &t.clock);
        co_await t.peer->read_request();
        t.pass(6s);
        t.peer->close();
        auto* other = co_await t.accepted();
        co_await other->read_request();
        EXPECT_FALSE(t.result);
        t.pass(4s);
        auto const got = co_await t.ended();
        EXPECT_EQ(got.failure.kind, fault::timeout);
    };
    run(story(*this));
}
