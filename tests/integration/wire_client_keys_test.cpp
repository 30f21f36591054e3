// Keys that clients have to send, over real sockets.
#include "support/log_file.hpp"
#include "support/wire_fixture.hpp"

#include <secondwind/policy/client_key.hpp>

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

using namespace secondwind::test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

constexpr char const* chat = "/v1/chat/completions";
constexpr char const* bearer = "Authorization: Bearer sw-laptop\r\n";
constexpr char const* host_token = "Bearer sk-lm-host";

std::string chat_with(std::string const& fields) {
    return make_request("POST", chat, R"({"model":"m"})", fields);
}

// The same for a host, which gets the proxy's own framing after the other fields.
std::string as_sent_on(std::string const& fields) {
    return "POST " + std::string{chat} +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + fields +
           "Content-Length: 13\r\n\r\n{\"model\":\"m\"}";
}

struct client_keys : with_wire {
    client_keys() {
        w.settings.clients.api_keys = {{"laptop", secondwind::policy::hash_of("sw-laptop")},
                                       {"phone", secondwind::policy::hash_of("sw-phone")}};
    }

    void start_with(std::string token) {
        w.settings.upstreams.front() = {"host", "127.0.0.1", host.port(), std::move(token)};
        w.proxy.emplace(w.io, w.in_force);
        w.proxy->start();
    }

    auto const& refusals() { return w.proxy->shared().traffic.client_refusals; }
};

nlohmann::json error_in(std::string const& answer) {
    return nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n")))["error"];
}

} // namespace

TEST_F(client_keys, are_accepted_in_either_field_and_never_reach_the_host) {
    start_with("");
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        for (std::string const fields :
             {"Authorization: Bearer sw-laptop\r\n", "authorization:  bearer   sw-phone\r\n",
              "x-api-key: sw-phone\r\n", "X-Api-Key: stale\r\nAuthorization: Bearer sw-laptop\r\n",
              "Authorization: Basic eDp5\r\nX-Api-Key: sw-laptop\r\n"}) {
            auto const seen = co_await t.exchange(chat_with("A: b\r\n" + fields + "C: d\r\n"), ok);
            EXPECT_EQ(seen.answer.raw, ok) << fields;
            EXPECT_EQ(seen.request.raw, as_sent_on("A: b\r\nC: d\r\n")) << fields;
        }
    };
    run(story(*this));
}

TEST_F(client_keys, are_replaced_by_the_hosts_own_token) {
    start_with("sk-lm-host");
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const chunked = "POST / HTTP/1.1\r\nHost: x\r\nX-Api-Key: sw-phone\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        for (std::string const& request : {chat_with(bearer), std::string{chunked}}) {
            auto const seen = co_await t.exchange(request, ok);
            EXPECT_EQ(seen.request.head.field("Authorization"), host_token);
            EXPECT_EQ(seen.request.head.count("Authorization"), 1U);
            EXPECT_FALSE(seen.request.head.field("X-Api-Key"));
            EXPECT_THAT(seen.request.raw, Not(HasSubstr("sw-")));
        }
    };
    run(story(*this));
}

TEST_F(client_keys, are_not_required_if_none_are_configured) {
    w.settings.clients.api_keys.clear();
    start_with("sk-lm-host");
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const request = chat_with("Authorization: Bearer own\r\nx-api-key: own\r\n");
        auto const seen = co_await t.exchange(request, ok);
        EXPECT_EQ(seen.request.raw, as_sent_on("Authorization: Bearer own\r\nx-api-key: own\r\n"));
    };
    run(story(*this));
    EXPECT_THAT(refusals(), testing::Each(0U));
}

TEST_F(client_keys, that_are_missing_or_wrong_are_refused_without_a_host) {
    start_with("sk-lm-host");
    log_file log;
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        for (std::string const fields :
             {"", "Authorization: Basic eDp5\r\n", "Authorization: Bearer sw-tablet\r\n",
              "x-api-key: sw-tablet\r\n",
              "Authorization: Bearer sw-tablet\r\nx-api-key: sw-phone\r\n"}) {
            auto const answer = co_await t.own_answer(chat_with(fields));
            EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 Unauthorized\r\n")) << fields;
            EXPECT_THAT(answer, HasSubstr("\r\nWWW-Authenticate: Bearer\r\n"));
            EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
            EXPECT_EQ(error_in(answer)["type"], "invalid_request_error");
            EXPECT_EQ(error_in(answer)["code"], "invalid_api_key");
            EXPECT_THAT(answer, Not(HasSubstr("sw-")));
        }
        auto const answer =
            co_await t.own_answer(make_request("POST", "/v1/messages?beta=true", "{}"));
        EXPECT_EQ(error_in(answer)["type"], "authentication_error");
    };
    run(story(*this));
    EXPECT_THAT(refusals(), testing::ElementsAre(3U, 3U, 0U));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 6U);
    EXPECT_EQ(lines.front().at("path"), chat);
    EXPECT_EQ(lines.front().at("status"), 401);
    EXPECT_EQ(lines.front().at("detail"), "invalid_api_key");
    EXPECT_FALSE(lines.front().contains("client"));
    for (auto const& each : lines)
        EXPECT_EQ(each.at("address"), "127.0.0.1");
}

TEST_F(client_keys, that_are_refused_leave_the_body_unread) {
    w.settings.timeouts.body_idle = std::chrono::minutes{5};
    start_with("");
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const answer =
            co_await t.own_answer("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                                  "Content-Length: 1000000\r\n\r\n");
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 "));
    };
    run(story(*this));
}

TEST_F(client_keys, that_are_wrong_too_often_delay_only_clients_without_a_valid_one) {
    w.settings.clients.max_failures = 2;
    start_with("");
    auto story = [](client_keys& t) -> asio::awaitable<void> {
        auto const wrong = chat_with("x-api-key: guess\r\n");
        for (int n = 0; n < 2; ++n) {
            auto const answer = co_await t.own_answer(wrong);
            EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 "));
        }
        auto const answer = co_await t.own_answer(wrong);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
        EXPECT_THAT(answer, testing::ContainsRegex("\r\nRetry-After: (60|5[0-9])\r\n"));
        EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
        EXPECT_EQ(error_in(answer)["code"], "too_many_failures");
        auto const anthropic = co_await t.own_answer(
            make_request("POST", "/v1/messages", "{}", "x-api-key: guess\r\n"));
        EXPECT_EQ(error_in(anthropic)["type"], "rate_limit_error");
        // To send no key at all is no guess.
        auto const none = co_await t.own_answer(chat_with(""));
        EXPECT_THAT(none, StartsWith("HTTP/1.1 401 "));
        auto const seen = co_await t.exchange(chat_with(bearer), ok);
        EXPECT_EQ(seen.answer.status, 200);
    };
    run(story(*this));
    EXPECT_THAT(refusals(), testing::ElementsAre(1U, 2U, 2U));
}

TEST_F(client_keys, are_checked_for_each_request_of_a_connection) {
    start_with("");
    auto story = [](client_keys& t) -> asio::awaitable<void> {
        auto const first = co_await t.exchange(chat_with(bearer), ok);
        EXPECT_EQ(first.answer.status, 200);
        auto& client = t.clients.back();
        co_await client.send(chat_with(""));
        auto const second = co_await client.read_answer();
        EXPECT_EQ(second.status, 401);
    };
    run(story(*this));
}

TEST_F(client_keys, appear_in_the_log_by_their_names_only) {
    log_file log;
    start_with("sk-lm-host");
    auto story = [](client_keys& t) -> asio::awaitable<void> {
        co_await t.exchange(chat_with("x-api-key: sw-phone\r\n"), ok);
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines.front().at("client"), "phone");
    EXPECT_FALSE(lines.front().contains("address"));
    EXPECT_THAT(lines.front().dump(), Not(HasSubstr("sw-phone")));
    EXPECT_THAT(lines.front().dump(), Not(HasSubstr("sk-lm-host")));
}

TEST_F(client_keys, are_required_for_a_tunnel_and_not_sent_into_it) {
    start_with("sk-lm-host");
    auto story = [](client_keys& t) -> asio::awaitable<void> {
        auto const upgrade = [](std::string const& fields) {
            return "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n" + fields +
                   "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        };
        auto const answer = co_await t.own_answer(upgrade(""));
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 "));
        auto* client = co_await t.connected();
        co_await client->send(upgrade(bearer));
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_EQ(request.head.field("Authorization"), host_token);
        EXPECT_EQ(request.head.field("Upgrade"), "websocket");
        co_await peer->send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\n\r\nfrom above");
        auto const head = co_await client->read_head();
        EXPECT_THAT(head.first_line, HasSubstr(" 101 "));
        auto const bytes = co_await client->read_until("from above");
        EXPECT_EQ(bytes, "from above");
    };
    run(story(*this));
}

TEST_F(client_keys, are_not_required_for_a_browsers_preflight_which_gets_no_token) {
    start_with("sk-lm-host");
    auto story = [](client_keys& t) -> asio::awaitable<void> {
        auto const answer = co_await t.own_answer(make_request("OPTIONS", chat));
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 "));
        auto const preflight = make_request("OPTIONS", chat, {},
                                            "Origin: http://app\r\n"
                                            "Access-Control-Request-Method: POST\r\n");
        auto const seen = co_await t.exchange(preflight, "HTTP/1.1 204 No Content\r\n\r\n");
        EXPECT_EQ(seen.request.raw, preflight);
        EXPECT_EQ(seen.answer.status, 204);
    };
    run(story(*this));
}

namespace {

// A request with the laptop's key meets a full memory; returns the first request of the recovery.
asio::awaitable<http_request> first_call_of_a_recovery(client_keys& t) {
    auto* client = co_await t.connected();
    co_await client->send(chat_with(bearer));
    auto* peer = co_await t.accepted();
    co_await peer->read_request();
    std::string const body =
        R"({"error":"Model loading was stopped due to insufficient system resources."})";
    co_await peer->send("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
                        "Content-Length: " +
                        std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
    auto* control = co_await t.accepted();
    auto asked = co_await control->read_request();
    co_await control->send("HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    co_return asked;
}

} // namespace

TEST_F(client_keys, are_not_what_a_recovery_sends_to_the_host) {
    start_with("sk-lm-host");
    auto story = [](client_keys& t) -> asio::awaitable<void> {
        auto const asked = co_await first_call_of_a_recovery(t);
        EXPECT_EQ(asked.target, "/api/v1/models");
        EXPECT_EQ(asked.head.field("Authorization"), host_token);
        EXPECT_EQ(asked.head.count("Authorization"), 1U);
        EXPECT_THAT(asked.raw, Not(HasSubstr("sw-")));
    };
    run(story(*this));
}

TEST_F(client_keys, are_not_what_a_recovery_sends_to_a_host_without_a_token_either) {
    start_with("");
    auto story = [](client_keys& t) -> asio::awaitable<void> {
        auto const asked = co_await first_call_of_a_recovery(t);
        EXPECT_EQ(asked.target, "/api/v1/models");
        EXPECT_FALSE(asked.head.field("Authorization"));
        EXPECT_THAT(asked.raw, Not(HasSubstr("sw-")));
    };
    run(story(*this));
}
