// Request ids, from the client to the host and into the log.
#include "support/log_file.hpp"
#include "support/wire_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind::test;
using testing::HasSubstr;
using testing::Not;

namespace {

struct request_id : with_wire {};

} // namespace

TEST_F(request_id, is_neither_sent_on_nor_echoed_by_default) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const seen = co_await t.exchange(make_request("POST", "/v1/responses", "{}"), ok);
        EXPECT_FALSE(seen.request.head.field("X-Request-Id"));
        EXPECT_EQ(seen.answer.raw, ok);
    };
    run(story(*this));
}

TEST_F(request_id, is_made_once_and_is_the_same_for_the_host_the_client_and_the_log) {
    w.settings.request_id.add = true;
    log_file log;
    start();
    auto story = [](with_wire& t, std::string& id) -> asio::awaitable<void> {
        auto const seen = co_await t.exchange(make_request("POST", "/v1/responses", "{}"), ok);
        id = seen.request.head.field("X-Request-Id").value_or("none was sent");
        EXPECT_EQ(seen.request.body, "{}");
        EXPECT_EQ(seen.answer.head.field("X-Request-Id"), id);
        EXPECT_EQ(seen.answer.body, "ok");
    };
    std::string id;
    run(story(*this, id));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines.front().at("request_id"), id);
}

TEST_F(request_id, of_a_chunked_request_is_sent_on_once) {
    w.settings.request_id.add = true;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const seen = co_await t.exchange(
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            ok);
        auto const first = seen.request.raw.find("X-Request-Id: ");
        EXPECT_NE(first, std::string::npos);
        EXPECT_EQ(seen.request.raw.find("X-Request-Id: ", first + 1), std::string::npos);
        EXPECT_EQ(seen.request.body, "{}");
    };
    run(story(*this));
}

TEST_F(request_id, of_the_client_is_sent_on_unchanged_and_echoed) {
    w.settings.request_id.add = true;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const seen = co_await t.exchange(
            make_request("GET", "/v1/models", {}, "x-request-ID: mine-7\r\n"), ok);
        EXPECT_THAT(seen.request.raw, HasSubstr("x-request-ID: mine-7\r\n"));
        EXPECT_THAT(seen.request.raw, Not(HasSubstr("X-Request-Id: ")));
        EXPECT_THAT(seen.answer.raw, HasSubstr("X-Request-Id: mine-7\r\n"));
    };
    run(story(*this));
}

TEST_F(request_id, is_in_the_proxys_own_errors_as_well) {
    w.settings.request_id.add = true;
    w.settings.limits.body = 1;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const refused =
            co_await t.own_answer(make_request("POST", "/", "{}", "X-Request-Id: mine-8\r\n"));
        EXPECT_THAT(refused, HasSubstr("HTTP/1.1 413 "));
        EXPECT_THAT(refused, HasSubstr("X-Request-Id: mine-8\r\n"));
    };
    run(story(*this));
}

TEST_F(request_id, does_not_change_a_traceparent_which_is_logged) {
    constexpr auto trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    log_file log;
    start();
    auto story = [](with_wire& t, std::string line) -> asio::awaitable<void> {
        auto const seen = co_await t.exchange(make_request("GET", "/", {}, line), ok);
        EXPECT_THAT(seen.request.raw, HasSubstr(line));
        EXPECT_EQ(seen.answer.raw, ok);
    };
    run(story(*this, std::string{"TraceParent: "} + trace + "\r\ntracestate: a=b\r\n"));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines.front().at("traceparent"), trace);
}

TEST_F(request_id, is_logged_up_to_200_bytes_and_reaches_the_host_whole) {
    auto const fields = "X-Request-Id: " + std::string(5000, 'i') +
                        "\r\nTraceparent: " + std::string(5000, 't') + "\r\n";
    log_file log;
    start();
    auto story = [](with_wire& t, std::string line) -> asio::awaitable<void> {
        auto const seen = co_await t.exchange(make_request("GET", "/", {}, line), ok);
        EXPECT_THAT(seen.request.raw, HasSubstr(line));
        EXPECT_EQ(seen.answer.raw, ok);
    };
    run(story(*this, fields));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines.front().at("request_id"), std::string(200, 'i'));
    EXPECT_EQ(lines.front().at("traceparent"), std::string(200, 't'));
}
