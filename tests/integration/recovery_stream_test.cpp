// Recoveries and event streams; and what must not start a recovery.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

namespace {

struct recovery_streams : with_proxy {};

} // namespace

TEST_F(recovery_streams, a_refused_stream_is_replayed_and_arrives_whole) {
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        for (bool const in_stream : in_both_ways) {
            t.lm->reset();
            t.lm->load("big");
            if (in_stream) {
                auto const events = "event: error\ndata: " + memory_error("huge") + "\n\n";
                t.lm->script().answer_next(chat_path, canned::events(": hello\n\n" + events));
            }
            auto const a = co_await t.chat("huge", true);
            EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=1");
            EXPECT_TRUE(a.complete);
            EXPECT_THAT(a.body, EndsWith("data: [DONE]\n\n"));
            EXPECT_THAT(a.body, Not(HasSubstr("error")));
            auto const direct = t.lm->counts().generations_finished;
            EXPECT_EQ(direct, 1U);
        }
    };
    run(task(*this));
}

TEST_F(recovery_streams, a_refused_load_in_a_rest_chat_is_replayed) {
    lm->load("big");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const a =
            co_await t.post("/api/v1/chat", R"({"model":"huge","input":"Hi","stream":true})");
        // Its head had gone out with the first preamble event.
        EXPECT_EQ(recovery_of(a), "");
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::recovered);
        EXPECT_TRUE(a.complete);
        EXPECT_THAT(a.body, Not(HasSubstr("model_load_failed")));
        EXPECT_THAT(a.body, HasSubstr("event: message.delta"));
        auto const first = a.body.find("event: chat.start");
        EXPECT_NE(first, std::string::npos);
        EXPECT_EQ(a.body.find("event: chat.start", first + 1), std::string::npos);
        EXPECT_EQ(a.body.find("event: chat.end"), a.body.rfind("event: chat.end"));
    };
    run(task(*this));
}

TEST_F(recovery_streams, an_error_after_the_first_byte_is_not_replayed_but_healed) {
    lm->load("big");
    lm->load("embed");
    lm->script().break_next_generation({1, "Error: insufficient system resources"});
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("big", true);
        EXPECT_EQ(recovery_of(a), "");
        EXPECT_THAT(a.body, HasSubstr("insufficient system resources"));
        EXPECT_TRUE(a.complete);
        EXPECT_EQ(t.requests_to(chat_path).size(), 1U);
        auto healed = [&t] {
            return t.records() == 1 && t.last_record().outcome == recovery::outcome::healed;
        };
        co_await t.until(healed);
    };
    run(task(*this));
    EXPECT_EQ(unloads("embed"), 1U);
    EXPECT_EQ(unloads("big"), 0U);
    EXPECT_TRUE(last_record().trigger.after_commit);
}

TEST_F(recovery_streams, text_in_content_starts_nothing) {
    lm->load("embed");
    std::string const words = R"(insufficient system resources. {\"error\":\"out of memory\"})";
    std::vector<canned> const answers{
        canned::json(200, R"({"choices":[{"message":{"content":")" + words + R"("}}]})"),
        canned::json(200, R"({"error":null,"output":")" + words + R"("})"),
        canned::json(200, R"({"x":1,"error":"out of memory"})"),
        canned::events("data: {\"delta\":\"" + words + "\"}\n\ndata: [DONE]\n\n"),
        canned::json(400, R"({"error":{"message":"bad","param":")" + words + R"("}})"),
        canned::reply(500, "text/html", "<p>out of memory</p>")};
    auto task = [](with_proxy& t, std::vector<canned> all) -> asio::awaitable<void> {
        for (auto const& each : all) {
            t.lm->script().answer_next(chat_path, each);
            auto const a = co_await t.chat("big");
            EXPECT_EQ(recovery_of(a), "") << a.raw;
            EXPECT_EQ(a.body, each.body);
            EXPECT_EQ(a.status, static_cast<int>(each.status));
        }
        EXPECT_TRUE(t.requests_to(list_path).empty());
    };
    run(task(*this, answers));
}

TEST_F(recovery_streams, errors_that_no_unload_cures_pass_byte_for_byte) {
    lm->load("big");
    std::vector<std::string> const answers{
        answer_bytes("400 Bad Request", R"~({"error":"The model has crashed (Exit code: 6)"})~"),
        answer_bytes("400 Bad Request", R"({"error":"Context size has been exceeded."})"),
        answer_bytes("401 Unauthorized", R"({"error":{"code":"invalid_api_key"}})"),
        answer_bytes("429 Slow", "later", "text/plain"),
        answer_bytes("500 Internal Server Error", "<html>Error</html>", "text/html"),
        answer_bytes("200 OK", R"~({"error":"Unexpected endpoint or method. (POST /x)"})~")};
    auto task = [](with_proxy& t, std::vector<std::string> all) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        for (auto const& each : all) {
            t.lm->script().answer_next(chat_path, canned::bytes(each));
            auto const a = co_await client->post(chat_path, chat_body("huge"));
            EXPECT_EQ(a.raw, each);
        }
        EXPECT_TRUE(t.requests_to(list_path).empty());
        EXPECT_TRUE(t.requests_to(unload_path).empty());
    };
    run(task(*this, answers));
    EXPECT_EQ(records(), 0U);
}

TEST_F(recovery_streams, a_body_that_is_not_kept_is_not_replayed_but_its_host_is_healed) {
    lm->load("big");
    w.settings.limits.replay_buffer = 100;
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const filler = R"({"model":"huge","messages":[],"user":")" + std::string(500, 'u');
        auto const first = answer_bytes("400 Bad Request", memory_error("huge"));
        t.lm->script().answer_next(chat_path, canned::bytes(first), 2);
        auto const a = co_await t.post(chat_path, filler + R"("})");
        EXPECT_EQ(without_recovery_fields(a.raw), first);
        EXPECT_EQ(recovery_of(a), "not_replayable; healed; reason=load_refused; unloaded=1");
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::healed);
        EXPECT_EQ(t.requests_to(chat_path).back().body, filler + R"("})");
        auto* client = co_await t.connected();
        co_await client->send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
            "Transfer-Encoding: chunked\r\n\r\n" +
            fmt::format("{:x}\r\n{}\r\n2\r\n\"}}\r\n0\r\n\r\n", filler.size(), filler));
        auto const b = co_await client->read_answer();
        // The same was unloaded a moment ago, and it did not help.
        EXPECT_EQ(without_recovery_fields(b.raw), first);
        EXPECT_EQ(recovery_of(b), "no_candidate; reason=load_refused; unloaded=0");
        EXPECT_EQ(t.requests_to(chat_path).back().body, filler + R"("})");
        EXPECT_EQ(t.records(), 1U);
        EXPECT_EQ(t.unloads("big"), 1U);
    };
    run(task(*this));
}

TEST_F(recovery_streams, a_stream_that_was_unloaded_before_its_first_event_is_replayed) {
    lm->load("big");
    lm->script().hold_generations();
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        for (bool const stream : in_both_ways) {
            t.lm->script().hold_generations();
            auto* client = co_await t.begun("big", stream);
            auto running = [&t] { return t.lm->counts().generations_running() == 1; };
            co_await t.lm->until(running);
            t.lm->unload("big");
            t.lm->script().release_generations();
            auto const a = co_await client->read_answer();
            EXPECT_EQ(a.status, 200);
            EXPECT_EQ(recovery_of(a), "recovered; reason=unloaded_in_flight; unloaded=0");
            EXPECT_EQ(attempts_of(a), "2");
            EXPECT_TRUE(a.complete);
        }
        EXPECT_TRUE(t.requests_to(list_path).empty());
        EXPECT_TRUE(t.requests_to(unload_path).empty());
    };
    run(task(*this));
    EXPECT_EQ(records(), 0U);
}

TEST_F(recovery_streams, an_earlier_recovery_is_not_counted_for_a_later_exchange) {
    lm->load("big");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        co_await t.chat("huge");
        t.lm->script().answer_next(chat_path, canned::json(400, R"({"error":"Model unloaded."})"));
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(recovery_of(a), "recovered; reason=unloaded_in_flight; unloaded=0");
    };
    run(task(*this));
}

TEST_F(recovery_streams, a_held_stream_lets_go_of_its_host_once_the_replay_is_sent) {
    lm->load("embed");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        // The host tells its error and does not end the stream.
        auto const event = "event: error\ndata: " + memory_error() + "\n\n";
        t.lm->script().answer_next(
            chat_path, canned::bytes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                     "Transfer-Encoding: chunked\r\n\r\n" +
                                     fmt::format("{:x}\r\n{}\r\n", event.size(), event)));
        t.lm->script().hold_generations(1);
        auto* client = co_await t.begun("big", true);
        auto const head = co_await client->read_head();
        EXPECT_EQ(head.field("X-Secondwind-Recovery"),
                  "recovered; reason=load_refused; unloaded=1");
        auto closed = [&t] { return t.lm->counts().connections_open == 1; };
        co_await t.until(closed);
        t.lm->script().release_generations();
        auto const done = co_await client->read_until("0\r\n\r\n");
        EXPECT_THAT(done, HasSubstr("data: [DONE]"));
    };
    run(task(*this));
}
