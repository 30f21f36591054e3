// The admin listener as an HTTP server: valid and invalid requests, limits and timeouts.
#include "support/admin_fixture.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

namespace {

struct admin_http : with_admin {
    admin_http() { w.settings.admin.allow_actions = true; }
};

std::string code_in(http_answer const& a) {
    return json::parse(a.body)["error"]["code"].get<std::string>();
}

} // namespace

TEST_F(admin_http, serves_requests_one_after_another_on_one_connection) {
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto* client = co_await t.at_admin();
        for (std::string const target : {"/livez", "/api/status", "/nothing", "/metrics", "/"}) {
            co_await client->send(t.admin_request("GET", target));
            auto const a = co_await client->read_answer();
            EXPECT_EQ(a.status, target == "/nothing" ? 404 : 200) << target;
            EXPECT_FALSE(a.head.field("Connection"));
            EXPECT_FALSE(a.head.field("Server"));
            EXPECT_EQ(a.head.field("X-Content-Type-Options"), "nosniff") << target;
        }
    };
    run(task(*this));
}

TEST_F(admin_http, serves_pipelined_requests_in_their_order) {
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto* client = co_await t.at_admin();
        co_await client->send(
            t.admin_request("GET", "/livez") + t.admin_request("POST", "/api/reload", {}, "{}") +
            t.admin_request("GET", "/nothing") + t.admin_request("GET", "/api/status"));
        auto const alive = co_await client->read_answer();
        EXPECT_THAT(alive.body, HasSubstr("alive"));
        auto const reloaded = co_await client->read_answer();
        EXPECT_THAT(reloaded.body, HasSubstr("reloaded"));
        auto const nothing = co_await client->read_answer();
        EXPECT_EQ(nothing.status, 404);
        auto const status = co_await client->read_answer();
        EXPECT_THAT(status.body, HasSubstr("sequence"));
        EXPECT_EQ(t.reloads, 1U);
    };
    run(task(*this));
}

TEST_F(admin_http, answers_a_head_like_its_get_without_the_body) {
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto* client = co_await t.at_admin();
        for (std::string const target : {"/livez", "/", "/nothing"}) {
            co_await client->send(t.admin_request("HEAD", target) + t.admin_request("GET", target));
            auto const head = co_await client->read_answer(true);
            auto const get = co_await client->read_answer();
            EXPECT_EQ(head.head.text, get.head.text) << target;
        }
    };
    run(task(*this));
}

TEST_F(admin_http, says_which_methods_there_are) {
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto* client = co_await t.at_admin();
        using wanted = std::pair<char const*, char const*>;
        for (auto const& [target, methods] :
             {wanted{"/", "GET, HEAD"}, wanted{"/metrics", "GET, HEAD"}, wanted{"/events", "GET"},
              wanted{"/api/status", "GET, HEAD"}, wanted{"/api/reload", "POST"}}) {
            co_await client->send(t.admin_request("DELETE", target));
            auto const a = co_await client->read_answer();
            EXPECT_EQ(a.status, 405) << target;
            EXPECT_EQ(a.head.field("Allow"), methods) << target;
            EXPECT_EQ(code_in(a), "method_not_allowed");
        }
    };
    run(task(*this));
}

TEST_F(admin_http, sends_an_asset_again_only_when_it_has_changed) {
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto const first = co_await t.ask("/assets/favicon.svg");
        EXPECT_EQ(first.status, 200);
        EXPECT_EQ(first.head.field("Content-Type"), "image/svg+xml");
        EXPECT_EQ(first.head.field("Cache-Control"), "no-cache");
        auto const etag = first.head.field("ETag").value_or("");
        auto* client = co_await t.at_admin();
        co_await client->send(
            t.admin_request("GET", "/assets/favicon.svg", "If-None-Match: " + etag + "\r\n") +
            t.admin_request("GET", "/assets/favicon.svg", "If-None-Match: \"other\"\r\n"));
        auto const kept = co_await client->read_answer(true);
        EXPECT_EQ(kept.status, 304);
        auto const other = co_await client->read_answer();
        EXPECT_EQ(other.status, 200);
        EXPECT_EQ(other.body, first.body);
        auto const gone = co_await t.ask("/assets/none.js");
        EXPECT_EQ(gone.status, 404);
        EXPECT_EQ(gone.head.field("Cache-Control"), "no-store");
    };
    run(task(*this));
}

TEST_F(admin_http, refuses_a_body_that_is_too_large_and_reads_no_further) {
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        std::string const large(64 * 1024 + 1, ' ');
        auto const a = co_await t.act("/api/reload", large);
        EXPECT_EQ(a.status, 413);
        EXPECT_EQ(code_in(a), "too_large");
        EXPECT_EQ(a.head.field("Connection"), "close");

        auto* client = co_await t.at_admin();
        co_await client->send("POST /api/reload HTTP/1.1\r\nHost: " + t.authority() +
                              "\r\nContent-Type: application/json\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n10001\r\n" +
                              large);
        auto const chunked = co_await client->read_answer();
        EXPECT_EQ(chunked.status, 413);
        EXPECT_EQ(t.reloads, 0U);

        std::string const just_fits = "{}" + std::string(64 * 1024 - 2, ' ');
        auto const fits = co_await t.act("/api/reload", just_fits);
        EXPECT_EQ(fits.status, 200);
    };
    run(task(*this));
}

TEST_F(admin_http, takes_a_body_in_chunks_and_says_to_go_on) {
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto* client = co_await t.at_admin();
        co_await client->send("POST /api/reload HTTP/1.1\r\nHost: " + t.authority() +
                              "\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n");
        auto const go_on = co_await client->read_until("\r\n\r\n");
        EXPECT_EQ(go_on, "HTTP/1.1 100 Continue\r\n\r\n");
        co_await client->send("1\r\n{\r\n1\r\n}\r\n0\r\n\r\n");
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(t.reloads, 1U);
    };
    run(task(*this));
}

TEST_F(admin_http, refuses_what_is_malformed_and_closes) {
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto const host = "Host: " + t.authority() + "\r\n";
        auto const post =
            "POST /api/reload HTTP/1.1\r\n" + host + "Content-Type: application/json\r\n";
        for (std::string const& request : std::vector<std::string>{
                 "\x16\x03\x01\x02", "GET / HTTP/2.0\r\n\r\n", "GET /\r\n\r\n",
                 "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET /%zz HTTP/1.1\r\n" + host + "\r\n",
                 "GET * HTTP/1.1\r\n" + host + "\r\n",
                 "GET / HTTP/1.1\r\n" + host + "X: " + std::string(20'000, 'x') + "\r\n\r\n",
                 post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
                 post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 post + "Transfer-Encoding: gzip\r\n\r\n",
                 post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
            auto* client = co_await t.at_admin();
            co_await client->send(request);
            auto const a = co_await client->read_answer();
            EXPECT_EQ(a.status, 400) << request;
            EXPECT_EQ(code_in(a), "bad_request");
            EXPECT_EQ(a.head.field("Connection"), "close");
            client->half_close();
            auto const end = co_await client->wait_closed();
            EXPECT_EQ(end, ending::fin) << request;
        }
        EXPECT_EQ(t.reloads, 0U);
    };
    run(task(*this));
}

TEST_F(admin_http, closes_after_the_answer_to_an_http_1_0_client) {
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto* client = co_await t.at_admin();
        co_await client->send("GET /livez HTTP/1.0\r\n\r\n");
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 200);
        auto const end = co_await client->wait_closed();
        EXPECT_EQ(end, ending::fin);
    };
    run(task(*this));
}

TEST_F(admin_http, gives_up_on_who_sends_its_head_too_slowly) {
    timeouts.head = 50ms;
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto* silent = co_await t.at_admin();
        auto* slow = co_await t.at_admin();
        co_await slow->send("GET /livez HTTP/1.1\r\nHost: ");
        auto* body = co_await t.at_admin();
        co_await body->send("POST /api/reload HTTP/1.1\r\nHost: " + t.authority() +
                            "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{");
        for (auto* each : {silent, slow, body}) {
            auto const end = co_await each->read_to_end();
            EXPECT_NE(end.ending, ending::open);
            EXPECT_EQ(end.bytes, "");
        }
        EXPECT_EQ(t.reloads, 0U);
    };
    run(task(*this));
}

TEST_F(admin_http, closes_a_connection_that_has_nothing_more_to_ask) {
    timeouts.idle = 50ms;
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto* client = co_await t.at_admin();
        co_await client->send(t.admin_request("GET", "/livez"));
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 200);
        auto const end = co_await client->wait_closed();
        EXPECT_EQ(end, ending::fin);
    };
    run(task(*this));
}

TEST_F(admin_http, stops_at_once_whatever_its_clients_do) {
    timeouts.closing = 50ms;
    timeouts.head = 60s;
    auto task = [](admin_http& t) -> asio::awaitable<void> {
        auto* idle = co_await t.at_admin();
        co_await idle->send(t.admin_request("GET", "/livez"));
        auto const a = co_await idle->read_answer();
        EXPECT_EQ(a.status, 200);
        auto* half = co_await t.at_admin();
        co_await half->send("GET /livez HTTP/1.1\r\n");
        auto const b = co_await t.ask("/livez"); // the other one's bytes are there by now
        EXPECT_EQ(b.status, 200);
    };
    run(task(*this));
    stop_admin(); // expects that all ends
    auto gone = [](admin_http& t) -> asio::awaitable<void> {
        for (auto& each : t.clients) {
            auto const end = co_await each.wait_closed();
            EXPECT_NE(end, ending::open);
        }
    };
    test::run(w.io, gone(*this));
}
