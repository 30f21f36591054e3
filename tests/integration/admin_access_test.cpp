// Access control over real sockets: a refused request learns nothing and changes nothing.
#include "support/admin_fixture.hpp"
#include "support/log_file.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;
using testing::Not;

namespace admin_access_test {

constexpr char const* token = "open-sesame-1234";
constexpr char const* observe = R"({"mode":"observe"})";

std::string code_of(http_answer const& a) {
    auto const json = nlohmann::json::parse(a.body, nullptr, false);
    auto const at = nlohmann::json::json_pointer{"/error/code"};
    return json.is_object() && json.contains(at) ? json[at].get<std::string>() : "";
}

struct admin_access_over_sockets : with_admin {
    admin_access_over_sockets() { w.settings.admin.allow_actions = true; }

    // Sends a request with only these lines; returns the status and the code of the answer.
    asio::awaitable<std::string> told(std::string request) {
        auto* client = co_await at_admin();
        co_await client->send(std::move(request));
        auto const a = co_await client->read_answer();
        EXPECT_THAT(a.body, Not(HasSubstr("upstream")));
        EXPECT_THAT(a.raw, Not(HasSubstr(token)));
        co_return std::to_string(a.status) + " " + code_of(a);
    }
    asio::awaitable<std::string> told_on(std::string target, std::string fields) {
        auto const line = "GET " + target + " HTTP/1.1\r\n";
        co_return co_await told(line + fields + "\r\n");
    }
    bool mode_is_untouched() const {
        return w.in_force->recovery.mode == config::recovery_mode::on;
    }
};

TEST_F(admin_access_over_sockets, refuses_another_host_and_does_nothing) {
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        auto const evil = "Host: evil.example:" + std::to_string(t.admin_port()) + "\r\n";
        for (std::string const target : {"/", "/api/status", "/metrics", "/events", "/nothing"}) {
            auto const said = co_await t.told_on(target, evil);
            EXPECT_EQ(said, "403 host_not_allowed") << target;
        }
        auto const acted = co_await t.told(
            "POST /api/recovery/mode HTTP/1.1\r\n" + evil +
            "Content-Type: application/json\r\nContent-Length: 18\r\n\r\n" + observe);
        EXPECT_EQ(acted, "403 host_not_allowed");
        EXPECT_TRUE(t.mode_is_untouched());
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, answers_to_any_address_and_to_localhost_with_any_port) {
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        for (std::string const host :
             {"192.0.2.20:9235", "[2001:db8::7]:80", "localhost:3000", "LOCALHOST", "127.0.0.9"}) {
            auto const a = co_await t.told_on("/livez", "Host: " + host + "\r\n");
            EXPECT_EQ(a, "200 ") << host;
            // Its own page there.
            auto const page = co_await t.told_on(
                "/api/recoveries", "Host: " + host + "\r\nOrigin: http://" + host + "\r\n");
            EXPECT_EQ(page, "200 ") << host;
            auto const other = co_await t.told_on(
                "/api/recoveries", "Host: " + host + "\r\nOrigin: http://192.0.2.9\r\n");
            EXPECT_EQ(other, "403 origin_not_allowed") << host;
        }
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, refuses_a_page_of_another_origin_and_does_nothing) {
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        for (std::string const fields : {"Origin: http://evil.example\r\n", "Origin: null\r\n",
                                         "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n",
                                         "Sec-Fetch-Site: same-site\r\n"}) {
            auto const read = co_await t.ask("/api/status", fields);
            EXPECT_EQ(read.status, 403) << fields;
            EXPECT_THAT(code_of(read), testing::AnyOf("origin_not_allowed", "cross_site"));
            auto const acted = co_await t.act(mode_path, observe, fields);
            EXPECT_EQ(acted.status, 403) << fields;
        }
        EXPECT_TRUE(t.mode_is_untouched());
        auto const own = co_await t.act(mode_path, observe,
                                        "Origin: http://" + t.authority() +
                                            "\r\nSec-Fetch-Site: same-origin\r\n");
        EXPECT_EQ(own.status, 200);
        EXPECT_FALSE(t.mode_is_untouched());
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, opens_no_events_to_a_page_of_another_origin) {
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        auto const a = co_await t.ask("/events", "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                                 "Sec-WebSocket-Version: 13\r\n"
                                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                                 "Origin: https://evil.example\r\n");
        EXPECT_EQ(a.status, 403);
        EXPECT_EQ(code_of(a), "origin_not_allowed");
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, admits_only_probes_without_the_token) {
    w.settings.admin.token = token;
    lm->load("big"); // so that the host is up
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        for (std::string const target :
             {"/", "/assets/favicon.svg", "/api/status", "/metrics", "/events", "/nothing"}) {
            auto const a = co_await t.ask(target);
            EXPECT_EQ(a.status, 401) << target;
            EXPECT_EQ(a.head.count("WWW-Authenticate"), 2U);
            auto const wrong = co_await t.ask(target, "Authorization: Bearer open-sesame-1235\r\n");
            EXPECT_EQ(wrong.status, 401) << target;
        }
        auto const acted = co_await t.act(mode_path, observe);
        EXPECT_EQ(acted.status, 401);
        EXPECT_TRUE(t.mode_is_untouched());
        for (std::string const probe : {"/livez", "/readyz"}) {
            auto const a = co_await t.told_on(probe, "Host: 10.1.2.3:9235\r\n");
            EXPECT_EQ(a, "200 ") << probe;
        }
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, answers_wrong_tokens_beyond_the_bound_with_429) {
    w.settings.admin.token = token;
    w.settings.clients.max_failures = 3;
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        std::string const wrong = "Authorization: Bearer open-sesame-1235\r\n";
        for (int i = 0; i < 3; ++i) {
            auto const a = co_await t.ask("/api/status", wrong);
            EXPECT_EQ(a.status, 401);
        }
        for (int i = 0; i < 3; ++i) {
            auto const none = co_await t.ask("/api/status"); // which guesses nothing
            EXPECT_EQ(none.status, 401);
            auto const a = co_await t.ask("/api/status", wrong);
            EXPECT_EQ(a.status, 429);
            EXPECT_EQ(code_of(a), "too_many_failures");
            EXPECT_TRUE(a.head.field("Retry-After"));
        }
        auto const right =
            co_await t.ask("/api/status", "Authorization: Bearer open-sesame-1234\r\n");
        EXPECT_EQ(right.status, 200);
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, admits_the_token_as_bearer_and_as_password) {
    w.settings.admin.token = token;
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        auto const bearer =
            co_await t.ask("/api/status", "Authorization: Bearer open-sesame-1234\r\n");
        EXPECT_EQ(bearer.status, 200);
        auto const basic =
            co_await t.ask("/", "Authorization: Basic YWRtaW46b3Blbi1zZXNhbWUtMTIzNA==\r\n");
        EXPECT_EQ(basic.status, 200);
        EXPECT_THAT(basic.head.field("Content-Type").value_or(""), "text/html; charset=utf-8");
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, accepts_no_action_from_a_form) {
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        auto const said =
            co_await t.told("POST /api/recovery/mode HTTP/1.1\r\nHost: " + t.authority() +
                            "\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\n" + observe);
        EXPECT_EQ(said, "415 json_expected");
        EXPECT_TRUE(t.mode_is_untouched());
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, accepts_no_action_unless_actions_are_allowed) {
    w.settings.admin.allow_actions = false;
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        auto const a = co_await t.act(mode_path, observe);
        EXPECT_EQ(a.status, 403);
        EXPECT_EQ(code_of(a), "actions_disabled");
        EXPECT_TRUE(t.mode_is_untouched());
        auto const reload = co_await t.act("/api/reload", "{}");
        EXPECT_EQ(reload.status, 403);
        EXPECT_EQ(t.reloads, 0U);
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, refuses_duplicate_identifying_headers) {
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        auto const host = "Host: " + t.authority() + "\r\n";
        std::vector<std::string> const heads{
            host + "Host: evil.example\r\n", host + "Origin: null\r\nOrigin: null\r\n",
            host + "Authorization: Bearer x\r\nAuthorization: Bearer y\r\n", ""};
        for (auto const& fields : heads) {
            auto const said = co_await t.told_on("/api/status", fields);
            EXPECT_EQ(said, "400 bad_request") << fields;
        }
        // An absolute target would take precedence over Host.
        auto const absolute = co_await t.told_on("http://evil.example/api/status", host);
        EXPECT_EQ(absolute, "400 bad_request");
    };
    run(task(*this));
}

TEST_F(admin_access_over_sockets, logs_each_action_and_a_series_of_refusals_once) {
    log_file log;
    auto task = [](admin_access_over_sockets& t) -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            auto const refused =
                co_await t.act(mode_path, observe, "Origin: http://evil.example\r\n");
            EXPECT_EQ(refused.status, 403);
            // Probes are always admitted, so they do not end the series.
            auto const probe = co_await t.ask("/livez");
            EXPECT_EQ(probe.status, 200);
        }
        auto const done = co_await t.act(mode_path, observe);
        EXPECT_EQ(done.status, 200);
        auto const again = co_await t.ask("/api/status?key=secret", "Origin: null\r\n");
        EXPECT_EQ(again.status, 403);
    };
    run(task(*this));
    auto const refused = log.lines("admin_refused");
    ASSERT_EQ(refused.size(), 2U);
    EXPECT_EQ(refused[0]["level"], "warn");
    EXPECT_EQ(refused[0]["reason"], "origin_not_allowed");
    EXPECT_EQ(refused[0]["method"], "POST");
    EXPECT_EQ(refused[0]["path"], mode_path);
    EXPECT_EQ(refused[0]["client"], "127.0.0.1");
    EXPECT_EQ(refused[0]["status"], 403);
    EXPECT_EQ(refused[1]["path"], "/api/status");
    auto const acted = log.lines("admin_action");
    ASSERT_EQ(acted.size(), 1U);
    EXPECT_EQ(acted[0]["level"], "info");
    EXPECT_EQ(acted[0]["path"], mode_path);
    EXPECT_EQ(acted[0]["client"], "127.0.0.1");
    EXPECT_EQ(acted[0]["status"], 200);
}

} // namespace admin_access_test
