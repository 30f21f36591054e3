// One WebSocket of the SDK, and everything that a host can do to it.
#include "support/control_fixture.hpp"

#include <secondwind/host/sdk_socket.hpp>

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using host::sdk_socket;
using host::socket_fault;
using testing::HasSubstr;

namespace {

constexpr char const* pong = R"({"type":"rpcResult","callId":0,"result":"pong"})";

// Opens, and calls once.
net::task<host::socket_reply> ask(host::environment env, host::connection_pool& pool,
                                  sdk_socket::clock::time_point until) {
    sdk_socket over{env, pool, until};
    host::socket_reply out;
    out.failure = co_await over.open("/llm", {});
    if (!out.failure)
        out = co_await over.call("ping", {});
    co_return out;
}

// Opens, and calls twice at once.
net::task<host::socket_replies> ask_twice(host::environment env, host::connection_pool& pool,
                                          sdk_socket::clock::time_point until) {
    sdk_socket over{env, pool, until};
    host::socket_replies out;
    out.failure = co_await over.open("/llm", {});
    std::vector<std::string> parameters{"1", "2"};
    if (!out.failure)
        out = co_await over.call_all("ping", std::move(parameters));
    co_return out;
}

// Ten seconds for each of two answers that take eight.
net::task<host::socket_reply> ask_slowly(host::environment env, host::connection_pool& pool,
                                         bool renews) {
    sdk_socket over{env, pool, sdk_socket::clock::now() + 10s};
    host::socket_reply out;
    for (int i = 0; i < 2 && !out.failure; ++i) {
        if (renews)
            over.allow(10s);
        with_control::pass(8s);
        env.deadlines.expire();
        if (i == 0)
            out.failure = co_await over.open("/llm", {});
        else
            out = co_await over.call("ping", {});
    }
    co_return out;
}

struct control_socket : with_control {
    void play(ws_play play) {
        auto how = small_host();
        how.on_upgrade = ws_script({{"/llm", std::move(play)}});
        serve(how);
    }
    pending<host::socket_reply> begin(std::chrono::milliseconds limit = 10s) {
        host::environment const env{io, queue, blocks, fields};
        return {io, ask(env, *pool, sdk_socket::clock::now() + limit)};
    }
    asio::awaitable<host::socket_reply> asked_once(std::chrono::milliseconds limit = 10s) {
        auto task = begin(limit);
        co_return co_await task.ended();
    }
    // The end of the pool ends it in every phase, counted by the messages that the host has got.
    asio::awaitable<void> is_aborted(std::size_t after_messages) {
        auto task = begin();
        auto upgraded = [this] { return request_count("/llm") == 1; };
        co_await lm->until(upgraded);
        while (record->messages.size() < after_messages)
            co_await asio::post(io, asio::use_awaitable);
        EXPECT_FALSE(task.done());
        pool->abort();
        auto const got = co_await task.ended();
        EXPECT_EQ(got.failure.kind, socket_fault::cancelled);
    }
    asio::awaitable<void> is_silent() {
        auto const got = co_await asked_once(50ms);
        EXPECT_EQ(got.failure.kind, socket_fault::no_answer);
        EXPECT_THAT(got.failure.reason, HasSubstr("did not answer in time"));
    }

    std::shared_ptr<ws_record> record = std::make_shared<ws_record>();
};

} // namespace

TEST_F(control_socket, sends_a_call_and_gets_the_answer) {
    play({true, {admitted(), {pong}}, false, {}});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_FALSE(got.failure) << got.failure.reason;
        EXPECT_EQ(got.message, pong);
        auto const& request = t.lm->requests().front();
        EXPECT_EQ(request.field("User-Agent"), "secondwind");
        EXPECT_EQ(request.field("Host"), "127.0.0.1:" + std::to_string(t.upstream.port));
        EXPECT_FALSE(request.field("Authorization"));
    };
    run(task(*this));
}

TEST_F(control_socket, ignores_messages_that_are_no_answer) {
    std::vector<std::string> const first{R"({"type":"keepAliveAck"})", "no JSON", "[]",
                                         R"({"success":"maybe"})", R"({"success":true})"};
    std::vector<std::string> const second{
        R"({"type":"keepAliveAck"})",
        "{",
        R"({"type":"rpcResult","callId":7,"result":[]})",
        R"({"type":"rpcError","callId":-1,"error":{}})",
        R"({"type":"communicationWarning","callId":9,"warning":"x"})",
        pong};
    play({true, {first, second}, false, {}});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_FALSE(got.failure) << got.failure.reason;
        EXPECT_EQ(got.message, pong);
    };
    run(task(*this));
}

TEST_F(control_socket, treats_a_warning_as_a_refusal) {
    play({true, {admitted(), {R"({"type":"communicationWarning","warning":"What?"})"}}, false, {}});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_EQ(got.failure.kind, socket_fault::unknown_call);
        EXPECT_EQ(got.failure.reason,
                  "ping over the SDK's WebSocket /llm: it does not know that call");
    };
    run(task(*this));
}

TEST_F(control_socket, hides_the_text_of_a_rejection) {
    play({true, {{R"({"success":false,"error":"Malformed token provided: secret"})"}}, false, {}});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_EQ(got.failure.kind, socket_fault::rejected);
        EXPECT_EQ(got.failure.reason,
                  "the SDK's WebSocket /llm: it did not accept the credentials");
    };
    run(task(*this));
}

TEST_F(control_socket, notices_a_connection_that_breaks_in_a_call) {
    play({true, {admitted()}, true, {}});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_EQ(got.failure.kind, socket_fault::cut);
    };
    run(task(*this));
}

TEST_F(control_socket, notices_a_host_that_closes_before_it_admits) {
    play({true, {}, true, {}});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_EQ(got.failure.kind, socket_fault::cut);
    };
    run(task(*this));
}

TEST_F(control_socket, notices_a_host_that_closes_before_its_handshake) {
    lm->script().answer_next("/llm", emulator::canned::close());
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_EQ(got.failure.kind, socket_fault::cut);
    };
    run(task(*this));
}

TEST_F(control_socket, reads_a_message_of_several_megabytes) {
    std::string const long_one =
        R"({"type":"rpcResult","callId":0,"result":")" + std::string(5'000'000, 'x') + "\"}";
    play({true, {admitted(), {long_one}}, false, {}});
    auto task = [](control_socket& t, std::size_t size) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_FALSE(got.failure) << got.failure.reason;
        EXPECT_EQ(got.message.size(), size);
    };
    run(task(*this, long_one.size()));
}

TEST_F(control_socket, refuses_a_huge_message) {
    play({true, {admitted(), {std::string(16 * 1024 * 1024 + 1, ' ')}}, false, {}});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_EQ(got.failure.kind, socket_fault::broken);
    };
    run(task(*this));
}

TEST_F(control_socket, refuses_text_that_is_not_utf_8) {
    play({true, {admitted(), {"\xFF\xFE"}}, false, {}});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once();
        EXPECT_EQ(got.failure.kind, socket_fault::broken);
    };
    run(task(*this));
}

TEST_F(control_socket, accepts_only_a_handshake_as_an_answer) {
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        for (auto const* answer :
             {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
              "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
              "Upgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "nonsense\r\n\r\n"}) {
            t.lm->script().answer_next(
                "/llm", emulator::canned::bytes(answer, emulator::canned::then::close));
            auto const got = co_await t.asked_once();
            EXPECT_EQ(got.failure.kind, socket_fault::refused) << answer;
        }
    };
    run(task(*this));
}

TEST_F(control_socket, notices_that_no_host_listens) {
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        t.lm->stop();
        auto const got = co_await t.asked_once();
        EXPECT_EQ(got.failure.kind, socket_fault::unreachable);
        EXPECT_THAT(got.failure.reason, HasSubstr("refused"));
    };
    run(task(*this));
}

TEST_F(control_socket, sends_all_calls_before_it_awaits_an_answer) {
    // The first call is not answered before the second one has arrived.
    std::vector<std::string> const both{R"({"type":"rpcResult","callId":1,"result":"second"})",
                                        R"({"type":"rpcResult","callId":0,"result":"first"})"};
    play({true, {admitted(), {}, both}, false, record});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        host::environment const env{t.io, t.queue, t.blocks, t.fields};
        pending asked{t.io, ask_twice(env, *t.pool, sdk_socket::clock::now() + 10s)};
        auto const got = co_await asked.ended();
        EXPECT_FALSE(got.failure) << got.failure.reason;
        EXPECT_EQ(got.messages.size(), 2U);
        EXPECT_THAT(got.messages.at(0), HasSubstr("first"));
        EXPECT_THAT(got.messages.at(1), HasSubstr("second"));
        EXPECT_EQ(t.record->messages.at(2),
                  R"({"type":"rpcCall","endpoint":"ping","callId":1,"parameter":2})");
    };
    run(task(*this));
}

TEST_F(control_socket, keeps_the_answers_that_came_in_time) {
    play({true,
          {admitted(), {}, {R"({"type":"rpcResult","callId":1,"result":"second"})"}},
          false,
          {}});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        host::environment const env{t.io, t.queue, t.blocks, t.fields};
        pending asked{t.io, ask_twice(env, *t.pool, sdk_socket::clock::now() + 50ms)};
        auto const got = co_await asked.ended();
        EXPECT_EQ(got.failure.kind, socket_fault::no_answer);
        EXPECT_EQ(got.messages.size(), 2U);
        EXPECT_EQ(got.messages.at(0), "");
        EXPECT_THAT(got.messages.at(1), HasSubstr("second"));
    };
    run(task(*this));
}

TEST_F(control_socket, can_allow_each_answer_as_much_time_as_the_first) {
    for (bool const renews : {true, false}) {
        play({true, {admitted(), {pong}}, false, {}});
        auto task = [](control_socket& t, bool renewing) -> asio::awaitable<void> {
            host::environment const env{t.io, t.queue, t.blocks, t.fields};
            pending asked{t.io, ask_slowly(env, *t.pool, renewing)};
            auto const got = co_await asked.ended();
            EXPECT_EQ(got.failure.kind, renewing ? socket_fault::none : socket_fault::no_answer);
        };
        run(task(*this, renews));
    }
}

TEST_F(control_socket, limits_the_wait_for_a_handshake) {
    play({false, {}, false, {}});
    run(is_silent());
}

TEST_F(control_socket, limits_the_wait_for_admission) {
    play({});
    run(is_silent());
}

TEST_F(control_socket, limits_the_wait_for_an_answer) {
    play({true, {admitted()}, false, {}});
    run(is_silent());
}

TEST_F(control_socket, does_nothing_after_its_limit) {
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        auto const got = co_await t.asked_once(0ms);
        EXPECT_EQ(got.failure.kind, socket_fault::unreachable);
        EXPECT_EQ(t.request_count("/llm"), 0);
    };
    run(task(*this));
}

TEST_F(control_socket, ends_with_the_pool_before_it_has_begun) {
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        t.pool->abort();
        auto const got = co_await t.asked_once();
        EXPECT_EQ(got.failure.kind, socket_fault::cancelled);
        EXPECT_EQ(t.pool->connect_failures(), 0u);
    };
    run(task(*this));
}

TEST_F(control_socket, ends_with_the_pool_while_it_connects) {
    auto story = [](control_socket& t) -> asio::awaitable<void> {
        auto task = t.begin();
        EXPECT_FALSE(task.done());
        t.pool->abort();
        auto const got = co_await task.ended();
        EXPECT_EQ(got.failure.kind, socket_fault::cancelled);
    };
    run(story(*this));
}

TEST_F(control_socket, ends_with_the_pool_while_it_shakes_hands) {
    play({false, {}, false, record});
    run(is_aborted(0));
}

TEST_F(control_socket, ends_with_the_pool_while_it_sends_its_credentials) {
    play({true, {}, false, record});
    run(is_aborted(1));
}

TEST_F(control_socket, ends_with_the_pool_in_a_call) {
    play({true, {admitted()}, false, record});
    run(is_aborted(2));
}

TEST_F(control_socket, closes_with_a_close_frame) {
    play({true, {admitted(), {pong}}, false, record});
    auto task = [](control_socket& t) -> asio::awaitable<void> {
        co_await t.asked_once();
        while (t.record->closed_with == 0)
            co_await asio::post(t.io, asio::use_awaitable);
        EXPECT_EQ(t.record->closed_with, 1000);
        EXPECT_THAT(t.record->messages.front(), HasSubstr(R"("clientIdentifier":"guest:)"));
        EXPECT_EQ(t.record->messages.back(), R"({"type":"rpcCall","endpoint":"ping","callId":0})");
    };
    run(task(*this));
}
