// A client whose stream waits for a recovery gets comments meanwhile (recovery.heartbeat).
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view comment = ": waiting for memory\n\n";

// Room for "small" or for "whole".
struct recovery_heartbeat : with_proxy {
    recovery_heartbeat() {
        emulator::options how;
        how.memory_bytes = 10'000'000'000;
        how.models = {{"small", emulator::model_type::llm, 3'000'000'000},
                      {"whole", emulator::model_type::llm, 10'000'000'000}};
        how.tokens_per_answer = 3;
        emulate(how);
        lm->load("small");
        lm->script().hold_generations(1);
        w.settings.recovery.heartbeat = 20ms;
    }

    // A stream of "whole" that has had its head and two comments while "small" is busy.
    asio::awaitable<raw_client*> patient(std::string request) {
        auto* client = co_await connected();
        co_await client->send(std::move(request));
        head = co_await client->read_head();
        for (int i = 0; i < 2; ++i) {
            auto const chunk = co_await client->read_chunk();
            EXPECT_EQ(chunk.value_or(""), comment);
        }
        co_return client;
    }
    // What the rest of it has besides comments.
    static asio::awaitable<std::string> rest_of(raw_client* client) {
        std::string all;
        for (;;) {
            auto const chunk = co_await client->read_chunk();
            if (!chunk)
                break;
            if (*chunk != comment)
                all += *chunk;
        }
        co_return all;
    }

    http_head head;
};

std::string streamed(std::string_view path, std::string_view stream = "true") {
    auto body = std::string{R"({"model":"whole","max_tokens":9,"input":"Hi",)"} +
                R"("messages":[{"role":"user","content":"Hi"}],"stream":)";
    return make_request("POST", path, body.append(stream).append("}"));
}

} // namespace

TEST_F(recovery_heartbeat, keeps_a_stream_alive_until_its_answer) {
    auto task = [](recovery_heartbeat& t) -> asio::awaitable<void> {
        auto* busy = co_await t.held_stream("small");
        auto* waiting = co_await t.patient(streamed(chat_path));
        EXPECT_EQ(t.head.first_line, "HTTP/1.1 200 OK");
        EXPECT_EQ(t.head.field("Content-Type").value_or(""), "text/event-stream");
        EXPECT_EQ(t.head.field("Transfer-Encoding").value_or(""), "chunked");
        co_await t.expect_ends_well(busy);
        auto const rest = co_await rest_of(waiting);
        EXPECT_THAT(rest, StartsWith("data: {"));
        EXPECT_EQ(times(rest, "\"role\""), 1U);
        EXPECT_THAT(rest, EndsWith("data: [DONE]\n\n"));
        EXPECT_THAT(rest, Not(HasSubstr("HTTP/1.1")));
        // The connection serves the next request.
        co_await waiting->send(make_request("GET", "/v1/models"));
        auto const next = co_await waiting->read_answer();
        EXPECT_EQ(next.status, 200);
    };
    run(task(*this));
    EXPECT_EQ(unloads("small"), 1U);
    EXPECT_EQ(last_record().outcome, recovery::outcome::recovered);
}

TEST_F(recovery_heartbeat, goes_on_while_the_model_of_the_replay_loads) {
    auto task = [](recovery_heartbeat& t) -> asio::awaitable<void> {
        auto* busy = co_await t.held_stream("small");
        auto* waiting = co_await t.patient(streamed(chat_path));
        t.lm->script().hold_loads_of("whole");
        busy->close();
        auto replayed = [&t] { return t.requests_to(chat_path).size() == 3; };
        co_await t.lm->until(replayed);
        for (int i = 0; i < 3; ++i) {
            auto const chunk = co_await waiting->read_chunk();
            EXPECT_EQ(chunk.value_or(""), comment);
        }
        t.lm->script().release_loads();
        t.lm->script().release_generations();
        auto const rest = co_await rest_of(waiting);
        EXPECT_THAT(rest, EndsWith("data: [DONE]\n\n"));
    };
    run(task(*this));
}

TEST_F(recovery_heartbeat, ends_with_the_error_as_an_event) {
    w.settings.recovery.busy_wait = 200ms;
    auto task = [](recovery_heartbeat& t) -> asio::awaitable<void> {
        auto* busy = co_await t.held_stream("small");
        for (auto const* path : {chat_path, "/v1/messages", "/v1/responses"}) {
            auto* waiting = co_await t.patient(streamed(path));
            auto const rest = co_await rest_of(waiting);
            bool const named = rest.starts_with("event: error\n");
            EXPECT_EQ(named, std::string_view{path} == "/v1/messages") << rest;
            EXPECT_THAT(rest, HasSubstr("data: {"));
            EXPECT_THAT(rest, HasSubstr("\"error\":"));
            EXPECT_THAT(rest, HasSubstr("requires approximately 10.00 GB")) << path;
            EXPECT_EQ(times(rest, "\n\n"), 1U) << rest;
        }
        co_await t.expect_ends_well(busy);
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_heartbeat, tells_of_a_host_that_has_gone_in_the_same_way) {
    auto task = [](recovery_heartbeat& t) -> asio::awaitable<void> {
        auto* busy = co_await t.held_stream("small");
        auto* waiting = co_await t.patient(streamed(chat_path));
        t.lm->stop();
        auto const rest = co_await rest_of(waiting);
        EXPECT_THAT(rest, StartsWith("data: {\"error\":{\"message\":\""));
        busy->close();
    };
    run(task(*this));
}

TEST_F(recovery_heartbeat, is_not_for_a_request_that_asks_for_no_stream) {
    w.settings.recovery.busy_wait = 200ms;
    auto task = [](recovery_heartbeat& t) -> asio::awaitable<void> {
        auto* busy = co_await t.held_stream("small");
        for (auto const* stream : {"false", "null", "\"true\""}) {
            auto* client = co_await t.connected();
            co_await client->send(streamed(chat_path, stream));
            auto const a = co_await client->read_answer();
            EXPECT_EQ(a.status, 400) << a.raw;
        }
        co_await t.expect_ends_well(busy);
    };
    run(task(*this));
}

TEST_F(recovery_heartbeat, is_off_by_default) {
    EXPECT_EQ(config::recovery{}.heartbeat, 0ms);
    w.settings.recovery.heartbeat = 0ms;
    w.settings.recovery.busy_wait = 150ms;
    auto task = [](recovery_heartbeat& t) -> asio::awaitable<void> {
        auto* busy = co_await t.held_stream("small");
        auto* client = co_await t.connected();
        co_await client->send(streamed(chat_path));
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 400) << a.raw;
        co_await t.expect_ends_well(busy);
    };
    run(task(*this));
}

TEST_F(recovery_heartbeat, hears_of_a_client_that_leaves) {
    auto task = [](recovery_heartbeat& t) -> asio::awaitable<void> {
        auto* busy = co_await t.held_stream("small");
        auto* waiting = co_await t.patient(streamed(chat_path));
        waiting->close();
        auto left = [&t] { return t.waiting_requests() == 0; };
        co_await t.until(left);
        co_await t.expect_ends_well(busy);
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
}
