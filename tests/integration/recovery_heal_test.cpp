// An error after the first byte cannot be taken back, but the next request need not meet it.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr auto memory_text = "Error: insufficient system resources";
constexpr auto cache_text = "Unable to reuse from cache: llama_memory is null";
constexpr auto first_event = "data: {\"choices\":[{\"delta\":{\"content\":\"It\"}}]}\n\n";

struct recovery_heals : with_proxy {
    recovery_heals() {
        lm->load("big");
        lm->load("embed");
    }
    asio::awaitable<void> over(std::size_t recoveries) {
        auto there = [this, recoveries] {
            return records() == recoveries && last_record().finished() && !guard().recovering();
        };
        co_await until(there);
    }
};

// A stream that breaks after its first token, and is relayed as it came.
asio::awaitable<void> expect_broken(recovery_heals& t, std::string model, std::string text) {
    t.lm->script().break_next_generation({1, text});
    auto const a = co_await t.chat(model, true);
    EXPECT_EQ(a.status, 200);
    EXPECT_TRUE(a.complete);
    EXPECT_EQ(recovery_of(a), "");
    EXPECT_THAT(a.body, HasSubstr("\"content\":"));
    EXPECT_THAT(a.body, HasSubstr(text));
}

} // namespace

TEST_F(recovery_heals, memory_by_making_room) {
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        co_await expect_broken(t, "big", memory_text);
        co_await t.over(1);
        auto const next = co_await t.chat("big", true);
        EXPECT_THAT(next.body, HasSubstr("[DONE]"));
        EXPECT_EQ(recovery_of(next), "");
    };
    run(task(*this));
    auto const& r = last_record();
    EXPECT_EQ(r.outcome, recovery::outcome::healed);
    EXPECT_TRUE(r.trigger.after_commit);
    // Its model was loaded, so nothing was refused.
    EXPECT_EQ(r.trigger.verdict, policy::verdict::insufficient_memory);
    EXPECT_EQ(r.trigger.model, "big");
    EXPECT_EQ(unloads("embed"), 1U);
    EXPECT_EQ(unloads("big"), 0U);
    EXPECT_EQ(requests_to(chat_path).size(), 2U);
}

TEST_F(recovery_heals, a_cache_by_unloading_its_model) {
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        t.lm->script().hold_generations(1);
        auto* stream = co_await t.held_stream("big");
        t.lm->corrupt("big");
        t.lm->script().release_generations();
        auto const rest = co_await stream->read_until("0\r\n\r\n");
        EXPECT_THAT(rest, HasSubstr(cache_text));
        auto const next = co_await stream->post(chat_path, chat_body("big"));
        EXPECT_EQ(next.status, 200) << next.raw;
        co_await t.over(1);
    };
    run(task(*this));
    EXPECT_EQ(last_record().outcome, recovery::outcome::healed);
    EXPECT_EQ(unloads("big"), 1U);
    EXPECT_EQ(unloads("embed"), 0U);
}

TEST_F(recovery_heals, nothing_again_if_it_did_not_help) {
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        co_await expect_broken(t, "big", memory_text);
        co_await t.over(1);
        t.lm->load("embed");
        co_await expect_broken(t, "big", memory_text);
        auto const well = co_await t.chat("big", true);
        EXPECT_THAT(well.body, HasSubstr("[DONE]"));
        EXPECT_EQ(t.records(), 1U);
        // Once it has answered well, it is worth another healing.
        co_await expect_broken(t, "big", memory_text);
        co_await t.over(2);
    };
    run(task(*this));
    EXPECT_EQ(unloads("embed"), 2U);
}

TEST_F(recovery_heals, wherever_the_host_cuts_its_chunks) {
    w.settings.recovery.cooldown = std::chrono::milliseconds{0};
    w.settings.recovery.websocket_timeout = std::chrono::milliseconds{0};
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const error = "event: error\ndata: " + memory_error("big") + "\n\n";
        for (std::size_t at = 0; at <= error.size(); ++at) {
            auto const stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n" +
                                chunk(first_event) + chunk(error.substr(0, at)) +
                                chunk(error.substr(at)) + "0\r\n\r\n";
            t.lm->load("embed");
            auto const answer = canned::bytes(stream);
            t.lm->script().answer_next(chat_path, answer);
            auto const a = co_await client->post(chat_path, chat_body("big", true));
            EXPECT_EQ(a.raw, stream);
            co_await t.over(at + 1);
            EXPECT_EQ(t.last_record().outcome, recovery::outcome::healed) << at;
            EXPECT_EQ(t.unloads("embed"), at + 1);
        }
    };
    run(task(*this));
}

TEST_F(recovery_heals, an_error_that_the_host_does_not_end_or_breaks_off_behind) {
    w.settings.recovery.cooldown = std::chrono::milliseconds{0};
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        auto const error = "data: " + memory_error("big") + "\n\n";
        auto const head = std::string{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"};
        std::vector<std::string> const streams{
            head + "Transfer-Encoding: chunked\r\n\r\n" + chunk(first_event) + chunk(error),
            head + "Connection: close\r\n\r\n" + first_event + error,
            head + "Connection: close\r\n\r\n" + first_event + error.substr(0, error.size() - 2)};
        for (std::size_t i = 0; i < streams.size(); ++i) {
            t.lm->load("embed");
            auto const answer = canned::bytes(streams[i], canned::then::close);
            t.lm->script().answer_next(chat_path, answer);
            auto const a = co_await t.chat("big", true);
            EXPECT_EQ(a.raw, streams[i]);
            EXPECT_EQ(a.complete, i > 0);
            co_await t.over(i + 1);
            EXPECT_EQ(t.last_record().outcome, recovery::outcome::healed) << i;
        }
    };
    run(task(*this));
}

TEST_F(recovery_heals, nothing_that_is_only_told_of) {
    std::string const words = R"({\"error\":\"out of memory\"} \n\nevent: error\ndata: )";
    std::vector<std::string> const events{
        R"(data: {"choices":[{"delta":{"content":")" + words + R"("}}]})",
        R"(data: {"error":null,"x":"out of memory"})",
        R"(data: {"choices":[{"error":"out of memory"}]})",
        R"(data: {"error":"Context size has been exceeded."})",
        R"(data: {"error":{"message":"bad","param":"insufficient system resources"}})",
        R"(: {"error":"out of memory"})"};
    auto task = [](recovery_heals& t, std::vector<std::string> all) -> asio::awaitable<void> {
        for (auto const& each : all) {
            auto const body = first_event + each + "\n\ndata: [DONE]\n\n";
            auto const answer = canned::events(body);
            t.lm->script().answer_next(chat_path, answer);
            auto const a = co_await t.chat("big", true);
            EXPECT_EQ(a.body, body);
        }
        // A healing begins at the latest when its exchange has been told to have ended.
        auto ended = [&t] {
            return t.w.proxy->shared().hosts[0].recovery.in_flight.claims().empty();
        };
        co_await t.until(ended);
    };
    run(task(*this, events));
    EXPECT_EQ(records(), 0U);
    EXPECT_TRUE(requests_to(list_path).empty());
}

// Whose preamble was shown to its client while its model was loaded.
TEST_F(recovery_heals, a_stream_that_was_shown_as_it_began) {
    lm->unload("big");
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        t.lm->script().break_next_generation({1, memory_text});
        std::string const body = R"({"model":"big","input":"Hi","stream":true})";
        auto const a = co_await t.post("/api/v1/chat", body);
        EXPECT_TRUE(a.complete);
        EXPECT_THAT(a.body, HasSubstr("event: message.delta"));
        EXPECT_THAT(a.body, HasSubstr(memory_text));
        EXPECT_THAT(a.body, HasSubstr("event: chat.end"));
        co_await t.over(1);
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::healed);
    };
    run(task(*this));
    EXPECT_EQ(unloads("embed"), 1U);
}

TEST_F(recovery_heals, nothing_where_it_is_off) {
    w.settings.recovery.mode = config::recovery_mode::off;
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        co_await expect_broken(t, "big", memory_text);
        auto const next = co_await t.chat("big");
        EXPECT_EQ(next.status, 200);
    };
    run(task(*this));
    EXPECT_EQ(records(), 0U);
    EXPECT_TRUE(requests_to(list_path).empty());
}

TEST_F(recovery_heals, nothing_but_only_says_so_where_it_observes) {
    w.settings.recovery.mode = config::recovery_mode::observe;
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        co_await expect_broken(t, "big", memory_text);
        co_await t.over(1);
    };
    run(task(*this));
    EXPECT_EQ(last_record().outcome, recovery::outcome::observed);
    EXPECT_EQ(last_record().plan.victims.size(), 1U);
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_heals, nothing_that_is_busy_and_does_not_wait_for_it) {
    auto how = small_host();
    how.models.push_back({"small", emulator::model_type::llm, 1'000'000'000});
    emulate(how);
    lm->load("big");
    lm->load("small");
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        auto const broken =
            canned::events(std::string{first_event} + "data: " + memory_error("small") + "\n\n");
        t.lm->script().hold_generations(1);
        auto* stream = co_await t.held_stream("big");
        t.lm->script().answer_next(chat_path, broken);
        auto const a = co_await t.chat("small", true);
        EXPECT_THAT(a.body, HasSubstr("insufficient system resources"));
        co_await t.over(1);
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::no_candidate);
        EXPECT_EQ(t.last_record().plan.reason, policy::plan_reason::all_busy);
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_heals, while_new_requests_wait_and_are_served) {
    lm->script().hold_unloads();
    auto task = [](recovery_heals& t) -> asio::awaitable<void> {
        co_await expect_broken(t, "big", memory_text);
        auto unloading = [&t] { return t.requests_to(unload_path).size() == 1; };
        co_await t.until(unloading);
        auto* next = co_await t.begun("big", true);
        auto waits = [&t] { return t.waiting_requests() == 1; };
        co_await t.until(waits);
        t.lm->script().release_unloads();
        auto const a = co_await next->read_answer();
        EXPECT_EQ(a.status, 200);
        EXPECT_THAT(a.body, Not(HasSubstr("error")));
        EXPECT_EQ(recovery_of(a), "");
    };
    run(task(*this));
    EXPECT_EQ(last_record().outcome, recovery::outcome::healed);
}
