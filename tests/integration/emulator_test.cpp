// The emulated LM Studio as an HTTP server.
#include "support/emulator_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>

using namespace secondwind;
using namespace secondwind::test;
using testing::EndsWith;
using testing::StartsWith;

namespace {

using emulator_server = with_emulator;

} // namespace

TEST_F(emulator_server, greets) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto const a = co_await t.get("/lmstudio-greeting");
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(a.body, R"({"lmstudio":true})");
        EXPECT_EQ(a.head.field("X-Powered-By"), "Express");
        EXPECT_EQ(a.head.field("Connection"), "keep-alive");
        EXPECT_EQ(a.head.field("Keep-Alive"), "timeout=5");
        EXPECT_FALSE(a.head.field("Server"));
    };
    run(task(*this));
}

TEST_F(emulator_server, answers_unknown_paths_with_200_except_under_api_v1) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto const root = co_await t.get("/health?x");
        EXPECT_EQ(root.status, 200);
        EXPECT_EQ(root.body, R"j({"error":"Unexpected endpoint or method. (GET /health?x)"})j");
        auto const v1 = co_await t.get("/api/v1/health");
        EXPECT_EQ(v1.status, 404);
        auto* client = co_await t.connected();
        co_await client->send(make_request("OPTIONS", "/v1/models"));
        auto const preflight = co_await client->read_answer();
        EXPECT_EQ(preflight.status, 400);
        EXPECT_FALSE(preflight.head.field("Access-Control-Allow-Origin"));
    };
    run(task(*this));
}

TEST_F(emulator_server, serves_many_requests_on_a_connection_even_pipelined) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        for (int i = 0; i < 3; ++i) {
            auto const a = co_await client->post("/v1/chat/completions", chat_body("big"));
            EXPECT_EQ(a.status, 200) << a.raw;
        }
        auto const one = make_request("GET", "/v1/models");
        co_await client->send(
            one + one + make_request("POST", "/v1/completions", R"({"model":"big","prompt":"x"})"));
        auto const first = co_await client->read_answer();
        auto const second = co_await client->read_answer();
        EXPECT_EQ(first.body, second.body);
        auto const third = co_await client->read_answer();
        EXPECT_EQ(nlohmann::json::parse(third.body)["object"], "text_completion");
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().connections_accepted, 1U);
    EXPECT_EQ(lm->counts().requests, 6U);
}

TEST_F(emulator_server, reads_a_request_split_at_any_position) {
    auto task = [](emulator_server& t, std::string text,
                   std::size_t size) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        for (std::size_t at = 0; at < text.size(); at += size)
            co_await client->send(text.substr(at, size));
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 200) << a.raw;
        EXPECT_EQ(t.lm->requests().back().body, chat_body("big"));
    };
    auto const whole = make_request("POST", "/v1/chat/completions", chat_body("big"));
    for (std::size_t size : {std::size_t{1}, std::size_t{7}, whole.size()})
        run(task(*this, whole, size));
    run(task(
        *this,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" +
            chat_body("big").substr(0, 5) + "\r\n" +
            [] {
                auto const rest = chat_body("big").substr(5);
                std::array<char, 16> size{};
                std::snprintf(size.data(), size.size(), "%zx", rest.size());
                return std::string{size.data()} + "\r\n" + rest + "\r\n0\r\n\r\n";
            }(),
        3));
}

TEST_F(emulator_server, keeps_requests_as_they_arrived) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->get("/v1/models?a=b", "X-B: 1\r\nx-a: 2\r\nX-B: 3\r\n");
    };
    run(task(*this));
    ASSERT_EQ(lm->requests().size(), 1U);
    auto const& r = lm->requests().front();
    EXPECT_EQ(r.connection, 1U);
    EXPECT_EQ(r.target, "/v1/models?a=b");
    EXPECT_EQ(r.head, "GET /v1/models?a=b HTTP/1.1\r\nHost: localhost\r\nX-B: 1\r\nx-a: 2\r\nX-B: "
                      "3\r\n\r\n");
}

TEST_F(emulator_server, streams_one_chunk_per_event) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("big", true);
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(a.head.field("Content-Type"), "text/event-stream");
        EXPECT_EQ(a.chunks.size(), 5U) << "three tokens, the reason, [DONE]";
        for (auto const& chunk : a.chunks) {
            EXPECT_THAT(chunk, StartsWith("data: "));
            EXPECT_THAT(chunk, EndsWith("\n\n"));
        }
        EXPECT_EQ(a.chunks.back(), "data: [DONE]\n\n");
    };
    run(task(*this));
}

TEST_F(emulator_server, streams_to_http_1_0_until_the_connection_closes) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const body = chat_body("big", true);
        co_await client->send("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body);
        auto const a = co_await client->read_answer();
        EXPECT_FALSE(a.head.field("Transfer-Encoding"));
        EXPECT_EQ(a.ending, ending::fin);
        EXPECT_THAT(a.body, EndsWith("data: [DONE]\n\n"));
    };
    run(task(*this));
}

TEST_F(emulator_server, idle_connections_are_closed_after_the_keep_alive) {
    auto how = small_host();
    how.keep_alive = std::chrono::milliseconds{50};
    emulate(how);
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->get("/v1/models");
        auto const ended = co_await client->wait_closed();
        EXPECT_EQ(ended, ending::fin);
    };
    run(task(*this));
}

TEST_F(emulator_server, a_request_may_take_longer_than_the_keep_alive) {
    auto how = small_host();
    how.keep_alive = std::chrono::milliseconds{20};
    how.load_time = std::chrono::milliseconds{100};
    emulate(how);
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->get("/v1/models");
        auto const a = co_await client->post("/v1/chat/completions", chat_body("big"));
        EXPECT_EQ(a.status, 200);
    };
    run(task(*this));
}

TEST_F(emulator_server, idle_connections_can_be_closed_at_once) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->get("/v1/models");
        t.lm->close_idle();
        auto const ended = co_await client->wait_closed();
        EXPECT_EQ(ended, ending::fin);
    };
    run(task(*this));
}

TEST_F(emulator_server, connection_close_is_respected) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const a = co_await client->get("/v1/models", "Connection: close\r\n");
        EXPECT_EQ(a.head.field("Connection"), "close");
        auto const ended = co_await client->wait_closed();
        EXPECT_EQ(ended, ending::fin);
    };
    run(task(*this));
}

TEST_F(emulator_server, head_has_the_length_of_the_get_and_no_body) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("HEAD", "/v1/models"));
        auto const head = co_await client->read_answer(true);
        auto const whole = co_await client->get("/v1/models");
        EXPECT_EQ(head.head.field("Content-Length"), whole.head.field("Content-Length"));
    };
    run(task(*this));
}

TEST_F(emulator_server, an_upgrade_hangs_until_the_client_leaves) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(
            make_request("GET", "/v1/models", {}, "Connection: Upgrade\r\nUpgrade: h2c\r\n"));
        auto arrived = [&t] { return t.lm->counts().requests == 1; };
        co_await t.lm->until(arrived);
        client->half_close();
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "");
    };
    run(task(*this));
}

TEST_F(emulator_server, expect_100_continue_is_answered) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const text = make_request("POST", "/v1/chat/completions", chat_body("big"),
                                       "Expect: 100-continue\r\n");
        auto const head = text.find("\r\n\r\n") + 4;
        co_await client->send(text.substr(0, head));
        auto const go_on = co_await client->read_answer();
        EXPECT_EQ(go_on.status, 100);
        co_await client->send(text.substr(head));
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 200);
    };
    run(task(*this));
}

TEST_F(emulator_server, refuses_bytes_that_are_not_http) {
    auto task = [](emulator_server& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("nonsense\r\n\r\n");
        auto const all = co_await client->read_to_end();
        EXPECT_THAT(all.bytes, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    };
    run(task(*this));
}
