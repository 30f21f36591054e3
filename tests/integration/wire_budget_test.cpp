// The memory for request bodies, and clients that would use it up.
#include "support/log_file.hpp"
#include "support/recovery_fixture.hpp"
#include "support/wire_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <boost/asio/detached.hpp>

#include <chrono>

using namespace secondwind::test;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

namespace wire_budget_test {

constexpr std::size_t KiB = 1024;
constexpr std::size_t MiB = 1024 * KiB;

std::string announcement(std::size_t size) {
    return "POST " + std::string{chat_path} +
           " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

// A request for a model, whose body has that many bytes.
std::string long_body(std::string const& model, std::size_t size) {
    auto const begin = R"({"model":")" + model + R"(","messages":[{"role":"user","content":")";
    std::string const end = R"("}]})";
    return begin + std::string(size - begin.size() - end.size(), 'a') + end;
}

asio::awaitable<void> feed(wire& to, std::string bytes) {
    co_await to.send(std::move(bytes));
}

struct budget : with_proxy {
    log_file log;
};

struct budget_on_the_wire : with_wire {
    log_file log;
};

TEST_F(budget, is_not_charged_by_what_clients_only_announce) {
    lm->load("big");
    auto task = [](budget& t) -> asio::awaitable<void> {
        for (int i = 0; i < 20; ++i) {
            auto* client = co_await t.connected();
            co_await client->send(announcement(32 * MiB));
        }
        auto const all_there = [&t] { return t.w.proxy->sessions() == 20; };
        co_await t.until(all_there);
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(recovery_of(a), evicted_one);
        EXPECT_EQ(t.w.proxy->shared().budget.used(), 0U);
    };
    run(task(*this));
}

TEST_F(budget, has_a_share_for_small_bodies_that_large_ones_cannot_take) {
    lm->load("big");
    lm->script().hold_generations();
    w.settings.limits.replay_buffer = 256 * KiB;
    w.settings.limits.replay_buffer_total = 1 * MiB;
    auto task = [](budget& t) -> asio::awaitable<void> {
        auto const body = long_body("big", 256 * KiB);
        for (int i = 0; i < 3; ++i) {
            auto* client = co_await t.connected();
            co_await client->send(announcement(body.size()) + body);
        }
        auto const all_held = [&t] { return t.lm->counts().generations_running() == 3; };
        co_await t.until(all_held);
        EXPECT_EQ(t.w.proxy->shared().budget.left(), 0U);
        auto* large = co_await t.connected();
        co_await large->send(announcement(body.size()) + body);
        auto const streamed = [&t] { return t.lm->counts().generations_running() == 4; };
        co_await t.until(streamed);
        EXPECT_EQ(t.w.proxy->shared().budget.given_up(), 1U);

        auto* small = co_await t.begun("huge");
        auto const kept = [&t] { return t.w.proxy->shared().budget.used() > 3 * 256 * KiB; };
        co_await t.until(kept);
        t.lm->script().release_generations();
        auto const a = co_await small->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
        EXPECT_EQ(t.w.proxy->shared().budget.given_up(), 1U);
    };
    run(task(*this));
}

TEST_F(budget, names_itself_to_a_client_whose_request_cannot_be_replayed_for_it) {
    lm->load("big");
    w.settings.limits.replay_buffer = 200 * KiB;
    w.settings.limits.replay_buffer_total = 200 * KiB;
    auto task = [](budget& t) -> asio::awaitable<void> {
        auto const body = long_body("huge", 150 * KiB);
        auto* unfinished = co_await t.connected();
        co_await unfinished->send(announcement(body.size()) + body.substr(0, 140 * KiB));
        auto const arrived = [&t] { return t.w.proxy->shared().budget.used() == 140 * KiB; };
        co_await t.until(arrived);
        auto const other = co_await t.post(chat_path, long_body("big", 160 * KiB));
        EXPECT_EQ(other.status, 200);
        EXPECT_EQ(t.w.proxy->shared().budget.used(), 0U);
        co_await unfinished->send(body.substr(140 * KiB));
        auto const a = co_await unfinished->read_answer();
        EXPECT_EQ(a.status, 400);
        EXPECT_EQ(recovery_of(a), "not_replayable; healed; reason=load_refused; unloaded=1; "
                                  "not_kept=budget_full");
        EXPECT_EQ(t.requests_to(chat_path).back().body, body);
        using secondwind::telemetry::skip;
        auto const& skipped = t.w.proxy->shared().traffic.replays_skipped;
        EXPECT_EQ(skipped[static_cast<std::size_t>(skip::budget_full)], 1U);
        EXPECT_EQ(skipped[static_cast<std::size_t>(skip::body_too_large)], 0U);
    };
    run(task(*this));
    auto const told = log.lines("budget_full");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told.front().at("bodies"), 1);
    auto const exchanges = log.lines("exchange");
    ASSERT_EQ(exchanges.size(), 2U);
    EXPECT_EQ(exchanges.front().value("detail", ""), "");
    EXPECT_EQ(exchanges.back().at("detail"), "budget_full");
}

// It would keep a model busy for as long as its client likes.
TEST_F(budget, is_no_reason_to_wait_for_bodies_that_are_streamed_on_and_never_end) {
    lm->load("big");
    w.settings.limits.replay_buffer = 300;
    auto task = [](budget& t) -> asio::awaitable<void> {
        for (auto const* model : {"big", "huge"}) {
            auto* endless = co_await t.connected();
            co_await endless->send(announcement(100 * KiB) +
                                   long_body(model, 100 * KiB).substr(0, 2 * KiB));
        }
        auto const streamed = [&t] {
            return t.w.proxy->shared().traffic.in_flight == 2 &&
                   t.lm->counts().connections_open >= 2;
        };
        co_await t.until(streamed);
        EXPECT_TRUE(t.w.proxy->shared().hosts[0].recovery.in_flight.claims().empty());
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(recovery_of(a), evicted_one);
        auto const b = co_await t.chat("embed");
        EXPECT_EQ(b.status, 200);
    };
    run(task(*this));
}

TEST_F(budget_on_the_wire, streams_on_the_largest_body_that_is_still_arriving) {
    w.settings.limits.replay_buffer = 1 * MiB;
    w.settings.limits.replay_buffer_total = 1 * MiB;
    start();
    auto story = [](budget_on_the_wire& t) -> asio::awaitable<void> {
        auto const used = [&t] { return t.w.proxy->shared().budget.used(); };
        std::string const part(100 * KiB, 's');
        auto* smaller = co_await t.connected();
        co_await smaller->send(announcement(part.size() + 1) + part);
        std::string const most(700 * KiB, 'm');
        auto* largest = co_await t.connected();
        asio::co_spawn(t.w.io, feed(*largest, announcement(most.size() + 1) + most),
                       asio::detached);
        auto const both = [&] { return used() == 800 * KiB; };
        co_await t.until(both);

        std::string const body(500 * KiB, 'b');
        auto* client = co_await t.connected();
        asio::co_spawn(t.w.io, feed(*client, make_request("POST", "/", body)), asio::detached);
        auto* streaming = co_await t.accepted();
        auto const begun = co_await streaming->read_until(most);
        EXPECT_THAT(begun, StartsWith(announcement(most.size() + 1)));
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_TRUE(request.body == body);
        EXPECT_EQ(used(), 600 * KiB);
        co_await peer->send(ok);
        co_await client->read_answer();
        co_await smaller->send("s");
        auto const third = co_await peer->read_request();
        EXPECT_TRUE(third.body == part + "s");
        co_await peer->send(ok);
        co_await smaller->read_answer();
        co_await largest->send("m");
        co_await streaming->read_until("m");
        co_await streaming->send(ok);
        auto const answer = co_await largest->read_answer();
        EXPECT_EQ(answer.raw, ok);
        EXPECT_EQ(t.w.proxy->shared().budget.given_up(), 1U);
        for (auto& each : t.clients)
            each.close();
        co_await t.at_rest();
    };
    run(story(*this));
}

// In chunks the length is not known before the end.
TEST_F(budget_on_the_wire, streams_on_a_chunked_body_without_losing_a_byte) {
    w.settings.limits.replay_buffer = 300 * KiB;
    w.settings.limits.replay_buffer_total = 300 * KiB;
    start();
    auto story = [](budget_on_the_wire& t) -> asio::awaitable<void> {
        std::string const piece(250 * KiB, 'c');
        auto* chunked = co_await t.connected();
        co_await chunked->send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                               chunk(piece));
        auto const arrived = [&t] { return t.w.proxy->shared().budget.used() == 250 * KiB; };
        co_await t.until(arrived);
        std::string const body(100 * KiB, 'b');
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/", body));
        auto* streaming = co_await t.accepted();
        co_await streaming->read_until(piece);
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_TRUE(request.body == body);
        co_await chunked->send(chunk("end") + "0\r\n\r\n");
        co_await streaming->read_until("\r\n3\r\nend\r\n0\r\n\r\n");
        co_await streaming->send(ok);
        auto const answer = co_await chunked->read_answer();
        EXPECT_EQ(answer.raw, ok);
    };
    run(story(*this));
}

TEST_F(budget_on_the_wire, lets_a_body_wait_for_memory_until_the_server_is_stopped) {
    w.settings.limits.replay_buffer = 32 * MiB;
    w.settings.limits.replay_buffer_total = 32 * MiB;
    start();
    auto story = [](budget_on_the_wire& t) -> asio::awaitable<void> {
        auto const used = [&t] { return t.w.proxy->shared().budget.used(); };
        auto* largest = co_await t.connected();
        asio::co_spawn(t.w.io, feed(*largest, announcement(25 * MiB) + std::string(20 * MiB, 'l')),
                       asio::detached);
        auto const arrived = [&] { return used() == 20 * MiB; };
        co_await t.until(arrived);
        auto* client = co_await t.connected();
        asio::co_spawn(t.w.io, feed(*client, make_request("POST", "/", std::string(18 * MiB, 'b'))),
                       asio::detached);
        auto* unread = co_await t.accepted(); // the host takes nothing of the largest
        auto const waits = [&] { return used() > 32 * MiB - 64 * KiB; };
        co_await t.until(waits);
        EXPECT_EQ(t.w.proxy->shared().budget.given_up(), 1U);
        t.w.proxy->abort();
        co_await t.at_rest();
        unread->close();
    };
    run(story(*this));
}

TEST_F(budget_on_the_wire, is_of_no_use_to_a_client_that_sends_too_slowly) {
    w.settings.timeouts.body_rate = 1000;
    w.settings.timeouts.body_grace = 50ms;
    w.settings.limits.replay_buffer = 100;
    start();
    auto story = [](budget_on_the_wire& t) -> asio::awaitable<void> {
        auto const late =
            co_await t.own_answer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
        EXPECT_THAT(late, StartsWith("HTTP/1.1 408 "));
        EXPECT_THAT(late, HasSubstr("body_rate_timeout"));
        EXPECT_THAT(late, HasSubstr("timeouts.body_rate"));
        // Beyond the limit, it was streamed on.
        auto* client = co_await t.connected();
        co_await client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\nhalf");
        auto* peer = co_await t.accepted();
        co_await peer->wait_closed();
        auto const streamed = co_await client->read_to_end();
        EXPECT_THAT(streamed.bytes, HasSubstr("body_rate_timeout"));
    };
    run(story(*this));
}

TEST_F(budget_on_the_wire, takes_any_rate_where_none_is_set) {
    w.settings.timeouts.body_rate = 0;
    w.settings.timeouts.body_grace = 0ms;
    w.settings.timeouts.body_idle = 50ms;
    start();
    auto story = [](budget_on_the_wire& t) -> asio::awaitable<void> {
        auto const late =
            co_await t.own_answer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
        EXPECT_THAT(late, HasSubstr("body_idle_timeout"));
    };
    run(story(*this));
}

} // namespace wire_budget_test
