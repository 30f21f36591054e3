// Memory that comes back late, runs out elsewhere than in a load, or is short for ever.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::breakdown;
using emulator::canned;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

// "a" and "b" exclude each other.
struct recovery_finds_memory : with_proxy {
    recovery_finds_memory() {
        emulator::options how;
        how.memory_bytes = 24'000'000'000;
        how.models = {{"a", emulator::model_type::llm, 18'000'000'000},
                      {"b", emulator::model_type::llm, 20'000'000'000},
                      {"c", emulator::model_type::llm, 7'000'000'000},
                      {"d", emulator::model_type::llm, 7'000'000'000},
                      {"e", emulator::model_type::llm, 7'000'000'000},
                      {"f", emulator::model_type::llm, 17'000'000'000},
                      {"embed", emulator::model_type::embedding, 500'000'000}};
        how.tokens_per_answer = 3;
        emulate(how);
    }
    asio::awaitable<http_answer> ask_for(std::string model, std::string words, bool stream) {
        return post(chat_path, R"({"model":")" + model +
                                   R"(","messages":[{"role":"user","content":")" + words +
                                   R"("}],"stream":)" + (stream ? "true}" : "false}"));
    }
    asio::awaitable<void> served(std::string model) {
        auto const answer = co_await chat(model);
        EXPECT_EQ(answer.status, 200) << answer.raw;
    }
    asio::awaitable<void> quiet() {
        auto none = [this] {
            return records() > 0 && last_record().finished() && !guard().recovering();
        };
        co_await until(none);
    }
};

} // namespace

TEST_F(recovery_finds_memory, that_comes_back_after_the_answer_of_the_unload) {
    lm->load("a");
    lm->script().hold_memory();
    auto task = [](recovery_finds_memory& t) -> asio::awaitable<void> {
        auto* cold = co_await t.begun("b");
        auto refused_again = [&t] { return t.lm->counts().refusals == 2; };
        co_await t.until(refused_again);
        t.lm->script().release_memory();
        auto const answer = co_await cold->read_answer();
        EXPECT_EQ(answer.status, 200) << answer.raw;
        EXPECT_THAT(recovery_of(answer), StartsWith("recovered;"));
        co_await t.served("a");
        co_await t.served("b");
    };
    run(task(*this));
}

TEST_F(recovery_finds_memory, for_normal_requests_after_a_prompt_that_was_too_long) {
    lm->load("a");
    lm->load("embed");
    auto task = [](recovery_finds_memory& t, breakdown failure,
                   bool stream) -> asio::awaitable<void> {
        t.lm->script().break_generations_for("a huge prompt", failure);
        auto const failed = co_await t.ask_for("a", "a huge prompt", stream);
        EXPECT_THAT(failed.body, HasSubstr("CUDA error: out of memory"));
        EXPECT_THAT(recovery_of(failed), Not(HasSubstr("recovered"))) << failed.status;
        EXPECT_EQ(t.unloads("a"), 0U);
        co_await t.served("b");
        co_await t.served("a");
        t.lm->reset();
        t.lm->load("a");
        t.lm->load("embed");
    };
    for (bool const stream : in_both_ways) {
        run(task(*this, breakdown::out_of_memory(), stream));
        run(task(*this, breakdown::engine_out_of_memory(), stream));
    }
}

TEST_F(recovery_finds_memory, though_the_last_of_its_unloads_is_refused) {
    for (auto const* key : {"c", "d", "e"})
        lm->load(key);
    auto task = [](recovery_finds_memory& t) -> asio::awaitable<void> {
        t.lm->script().fail_unload_of("e", 500, R"({"error":"no"})");
        co_await t.served("f");
    };
    run(task(*this));
    EXPECT_EQ(unloads("e"), 0U);
}

TEST_F(recovery_finds_memory, though_an_unload_that_took_effect_is_not_answered) {
    w.settings.recovery.unload_timeout = std::chrono::milliseconds{50};
    lm->load("a");
    lm->script().hold_unloads();
    auto task = [](recovery_finds_memory& t) -> asio::awaitable<void> {
        auto* cold = co_await t.begun("b");
        auto asked = [&t] { return t.requests_to(unload_path).size() == 1; };
        co_await t.until(asked);
        EXPECT_TRUE(t.lm->unload("a"));
        auto const answer = co_await cold->read_answer();
        EXPECT_EQ(answer.status, 200) << answer.raw;
        t.lm->script().release_unloads();
    };
    run(task(*this));
}

TEST_F(recovery_finds_memory, though_the_list_after_the_unload_fails_once) {
    lm->load("a");
    lm->script().hold_unloads();
    auto task = [](recovery_finds_memory& t) -> asio::awaitable<void> {
        auto* cold = co_await t.begun("b");
        auto asked = [&t] { return t.requests_to(unload_path).size() == 1; };
        co_await t.until(asked);
        t.lm->script().answer_next(list_path, canned::json(500, "{}"));
        t.lm->script().release_unloads();
        auto const answer = co_await cold->read_answer();
        EXPECT_EQ(answer.status, 200) << answer.raw;
    };
    run(task(*this));
}

TEST_F(recovery_finds_memory, though_the_first_list_fails_and_somebody_else_makes_room) {
    lm->load("a");
    lm->script().answer_next(list_path, canned::json(500, "{}"));
    auto task = [](recovery_finds_memory& t) -> asio::awaitable<void> {
        auto make_room = [&t](emulator::event const& e) {
            if (e.type == emulator::event::kind::load_refused)
                t.lm->unload("a");
        };
        t.lm->on_event(make_room);
        co_await t.served("b");
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_finds_memory, after_its_host_has_restarted_meanwhile) {
    lm->load("a");
    lm->script().hold_unloads();
    auto task = [](recovery_finds_memory& t) -> asio::awaitable<void> {
        auto* cold = co_await t.begun("b");
        auto asked = [&t] { return t.requests_to(unload_path).size() == 1; };
        co_await t.until(asked);
        auto const port = t.lm->port();
        t.lm->stop();
        t.lm->reset();
        t.lm->start({asio::ip::address_v4::loopback(), port});
        auto const answer = co_await cold->read_answer();
        EXPECT_EQ(answer.status, 200) << answer.raw << t.last_record().error;
    };
    run(task(*this));
}

TEST_F(recovery_finds_memory, in_the_background_for_a_body_that_was_not_kept) {
    w.settings.limits.replay_buffer = 200;
    lm->load("a");
    auto task = [](recovery_finds_memory& t) -> asio::awaitable<void> {
        auto const failed = co_await t.ask_for("b", std::string(1000, 'x'), false);
        EXPECT_EQ(failed.status, 400);
        EXPECT_THAT(recovery_of(failed), StartsWith("not_replayable;"));
        auto healed = [&t] { return t.unloads("a") == 1; };
        co_await t.until(healed);
        co_await t.quiet();
        auto const again = co_await t.ask_for("b", std::string(1000, 'x'), false);
        EXPECT_EQ(again.status, 200) << again.raw;
    };
    run(task(*this));
}

TEST_F(recovery_finds_memory, but_evicts_nothing_twice_for_an_error_that_this_does_not_cure) {
    lm->load("a");
    lm->script().break_generations_for("a huge prompt", {1, "CUDA error: out of memory"});
    auto task = [](recovery_finds_memory& t) -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            t.lm->load("embed");
            auto const failed = co_await t.ask_for("a", "a huge prompt", true);
            EXPECT_THAT(failed.body, HasSubstr("CUDA error: out of memory"));
            co_await t.quiet();
            if (i == 0) {
                auto healed = [&t] { return t.unloads("embed") == 1; };
                co_await t.until(healed);
            }
        }
        // A healing begins at the latest when its exchange has ended, so the next one finds it.
        co_await t.served("a");
        co_await t.quiet();
    };
    run(task(*this));
    EXPECT_EQ(unloads("embed"), 1U);
    EXPECT_TRUE(lm->models().is_loaded("embed"));
}
