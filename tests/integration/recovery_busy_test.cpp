// What a recovery may take, and what it spares.
#include "support/recovery_fixture.hpp"

#include <secondwind/lmstudio/requested_model.hpp>

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

// Room for two of "small", "medium" and "large", but not for all three.
struct recovery_spares : with_proxy {
    recovery_spares() {
        emulator::options how;
        how.memory_bytes = 10'000'000'000;
        how.models = {{"small", emulator::model_type::llm, 3'000'000'000},
                      {"medium", emulator::model_type::llm, 4'000'000'000},
                      {"large", emulator::model_type::llm, 6'000'000'000},
                      {"whole", emulator::model_type::llm, 10'000'000'000}};
        how.tokens_per_answer = 3;
        emulate(how);
    }

    // A stream through the proxy that has told its first token and waits.
    asio::awaitable<raw_client*> streaming(std::string model, std::string more = {}) {
        auto* client = co_await connected();
        auto body = chat_body(model, true);
        body.insert(body.size() - 1, more);
        co_await client->send(make_request("POST", chat_path, body));
        co_await client->read_until("\"content\":");
        co_return client;
    }
};

// A stream whose request names its model only after a megabyte.
std::string long_request(std::string const& model) {
    return make_request("POST", chat_path,
                        R"({"user":")" + std::string(1'000'000, 'u') +
                            R"(","messages":[{"role":"user","content":"Hi"}],"stream":true,)" +
                            R"("model":")" + model + R"("})");
}

asio::awaitable<void> expect_whole(recovery_spares& t, raw_client* stream) {
    t.lm->script().release_generations();
    auto const rest = co_await stream->read_until("0\r\n\r\n");
    EXPECT_THAT(rest, HasSubstr("data: [DONE]"));
}

} // namespace

TEST_F(recovery_spares, the_model_of_a_stream_that_runs) {
    lm->load("small");
    lm->load("medium");
    lm->script().hold_generations(1);
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto* stream = co_await t.streaming("small");
        auto* other = co_await t.begun("large", true);
        auto const head = co_await other->read_head();
        EXPECT_EQ(head.field("X-Secondwind-Recovery"), evicted_one);
        EXPECT_EQ(t.unloads("medium"), 1U);
        EXPECT_EQ(t.unloads("small"), 0U);
        co_await expect_whole(t, stream);
    };
    run(task(*this));
}

TEST_F(recovery_spares, the_only_model_if_it_is_busy) {
    w.settings.recovery.busy_wait = std::chrono::milliseconds{20};
    lm->load("small");
    lm->script().hold_generations(1);
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto* stream = co_await t.streaming("small");
        auto const a = co_await t.chat("whole");
        EXPECT_EQ(a.status, 400);
        EXPECT_EQ(recovery_of(a), nobody_idle);
        EXPECT_TRUE(t.requests_to(unload_path).empty());
        co_await expect_whole(t, stream);
    };
    run(task(*this));
    EXPECT_EQ(last_record().plan.reason, policy::plan_reason::all_busy);
    EXPECT_EQ(lm->counts().generations_finished, 1U);
}

TEST_F(recovery_spares, the_model_of_a_stream_whose_long_request_is_no_longer_kept) {
    w.settings.recovery.busy_wait = std::chrono::milliseconds{20};
    lm->load("small");
    lm->script().hold_generations(1);
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto* stream =
            co_await t.streaming("small", R"(,"user":")" + std::string(100'000, 'u') + R"(")");
        auto const a = co_await t.chat("whole");
        EXPECT_EQ(recovery_of(a), nobody_idle);
        co_await expect_whole(t, stream);
    };
    run(task(*this));
}

TEST_F(recovery_spares, everything_while_a_request_runs_that_was_never_kept) {
    w.settings.recovery.busy_wait = std::chrono::milliseconds{20};
    lm->load("small");
    w.settings.limits.replay_buffer = 200;
    lm->script().hold_generations(1);
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto* stream =
            co_await t.streaming("small", R"(,"user":")" + std::string(300, 'u') + R"(")");
        auto const a = co_await t.chat("whole");
        EXPECT_EQ(recovery_of(a), nobody_idle);
        EXPECT_TRUE(t.requests_to(unload_path).empty());
        co_await expect_whole(t, stream);
    };
    run(task(*this));
}

TEST_F(recovery_spares, nobody_for_a_request_that_still_waits_for_its_own_load) {
    lm->load("small");
    lm->script().hold_loads();
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto* cold = co_await t.begun("medium");
        auto loading = [&t] { return t.lm->models().instances().size() == 2; };
        co_await t.lm->until(loading);
        auto* other = co_await t.begun("large");
        auto unloaded = [&t] { return t.unloads("small") == 1; };
        co_await t.lm->until(unloaded);
        t.lm->script().release_loads();
        auto const a = co_await other->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
        auto const b = co_await cold->read_answer();
        EXPECT_EQ(b.status, 200);
    };
    run(task(*this));
}

TEST_F(recovery_spares, nobody_once_the_stream_has_ended_or_its_client_has_gone) {
    lm->load("small");
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto const first = co_await t.chat("small", true);
        EXPECT_THAT(first.body, EndsWith("data: [DONE]\n\n"));
        auto const a = co_await t.chat("whole");
        EXPECT_EQ(recovery_of(a), evicted_one);

        t.lm->reset();
        t.lm->load("small");
        t.lm->script().hold_generations(1);
        auto* stream = co_await t.streaming("small");
        stream->close();
        auto aborted = [&t] { return t.lm->counts().generations_aborted == 1; };
        co_await t.lm->until(aborted);
        t.lm->script().release_generations();
        auto const b = co_await t.chat("whole");
        EXPECT_EQ(recovery_of(b), evicted_one);
    };
    run(task(*this));
}

TEST_F(recovery_spares, nobody_if_it_is_told_to_evict_all) {
    w.settings.recovery.evict = policy::evict::all;
    lm->load("small");
    lm->script().hold_generations(1);
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto* stream = co_await t.streaming("small");
        auto* other = co_await t.begun("whole", true);
        auto const head = co_await other->read_head();
        EXPECT_EQ(head.field("X-Secondwind-Recovery"), evicted_one);
        // The stream had begun, so its client gets the error that LM Studio put into it.
        auto const rest = co_await stream->read_until("0\r\n\r\n");
        EXPECT_THAT(rest, HasSubstr("Model unloaded."));
    };
    run(task(*this));
    EXPECT_EQ(unloads("small"), 1U);
}

TEST_F(recovery_spares, not_a_duplicate_of_a_model_that_is_idle) {
    lm->load("small");
    lm->load("small");
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("large");
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=2");
        auto const calls = t.requests_to(unload_path);
        EXPECT_EQ(calls.size(), 2U);
        EXPECT_THAT(calls.front().body, HasSubstr("small:2"));
    };
    run(task(*this));
}

TEST_F(recovery_spares, the_wanted_model_but_not_its_duplicate) {
    lm->load("small");
    lm->load("small");
    lm->script().answer_next(chat_path, canned::json(400, R"({"error":"CUDA out of memory"})"));
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("small");
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), "recovered; reason=insufficient_memory; unloaded=1");
    };
    run(task(*this));
    EXPECT_EQ(unloads("small:2"), 1U);
    EXPECT_EQ(unloads("small"), 0U);
}

TEST_F(recovery_spares, everything_where_the_refused_model_is_loaded_by_now) {
    lm->load("small");
    lm->load("medium");
    lm->script().answer_next(chat_path, canned::json(400, memory_error("small")));
    auto task = [](recovery_spares& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("small");
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=0");
    };
    run(task(*this));
    EXPECT_EQ(last_record().plan.reason, policy::plan_reason::loaded);
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_spares, what_is_busy_without_reading_any_request_twice) {
    lm->load("small");
    lm->script().hold_generations(1);
    auto const request = long_request("small");
    auto const before = lmstudio::requested_model::bytes_read();
    auto task = [](recovery_spares& t, std::string sent) -> asio::awaitable<void> {
        std::vector<raw_client*> streams;
        for (int i = 0; i < 3; ++i) {
            streams.push_back(co_await t.connected());
            co_await streams.back()->send(sent);
            co_await streams.back()->read_until("\"content\":");
        }
        auto* other = co_await t.begun("whole");
        auto waits = [&t] { return t.waits_for_idle(); };
        co_await t.until(waits);
        t.lm->script().release_generations();
        for (auto* stream : streams)
            co_await stream->read_until("0\r\n\r\n");
        auto const a = co_await other->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this, request));
    auto const planned = std::ranges::count(last_record().steps, recovery::step::planned,
                                            &recovery::step_record::step);
    EXPECT_GE(planned, 2);
    auto const read = lmstudio::requested_model::bytes_read() - before;
    EXPECT_GE(read, 3'000'000U);
    EXPECT_LE(read, 3 * request.size() + chat_body("whole").size());
}
