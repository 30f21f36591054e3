// Requests that a recovery, or anybody else's unload, gets in the way of.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr auto evicted_two = "recovered; reason=load_refused; unloaded=2";

// Room for any two of "small", "medium" and "large".
struct recovery_collateral : with_proxy {
    recovery_collateral() {
        emulator::options how;
        how.memory_bytes = 10'000'000'000;
        how.models = {{"small", emulator::model_type::llm, 3'000'000'000},
                      {"medium", emulator::model_type::llm, 4'000'000'000},
                      {"large", emulator::model_type::llm, 6'000'000'000},
                      {"other", emulator::model_type::llm, 6'000'000'000}};
        how.tokens_per_answer = 3;
        emulate(how);
    }
    asio::awaitable<void> generating(std::uint64_t many) {
        auto there = [this, many] { return lm->counts().generations_running() == many; };
        co_await lm->until(there);
    }
    asio::awaitable<void> unloaded(std::string id) {
        auto gone = [this, id] { return unloads(id) == 1; };
        co_await lm->until(gone);
    }
};

} // namespace

TEST_F(recovery_collateral, a_victim_before_its_first_byte_is_replayed) {
    w.settings.recovery.evict = policy::evict::all;
    auto task = [](recovery_collateral& t) -> asio::awaitable<void> {
        t.lm->load("small");
        t.lm->load("medium");
        t.lm->script().hold_generations();
        auto* victim = co_await t.begun("small");
        co_await t.generating(1);
        auto* hungry = co_await t.begun("large");
        co_await t.unloaded("small");
        co_await t.unloaded("medium");
        t.lm->script().release_generations();
        auto const a = co_await victim->read_answer();
        auto const b = co_await hungry->read_answer();
        EXPECT_EQ(a.status, 200) << a.raw;
        EXPECT_EQ(recovery_of(a), "recovered; reason=unloaded_in_flight; unloaded=0");
        EXPECT_EQ(attempts_of(a), "2");
        EXPECT_EQ(recovery_of(b), evicted_two);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().generations_unloaded, 1U);
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_collateral, a_victim_after_its_first_byte_gets_the_error_in_its_stream) {
    w.settings.recovery.evict = policy::evict::all;
    auto task = [](recovery_collateral& t) -> asio::awaitable<void> {
        t.lm->load("small");
        t.lm->load("medium");
        t.lm->script().hold_generations(1);
        auto* victim = co_await t.held_stream("small");
        auto* hungry = co_await t.begun("large");
        auto const rest = co_await victim->read_until("0\r\n\r\n");
        EXPECT_THAT(rest, HasSubstr("Model unloaded."));
        EXPECT_THAT(rest, Not(HasSubstr("[DONE]")));
        t.lm->script().release_generations();
        auto const b = co_await hungry->read_answer();
        EXPECT_EQ(recovery_of(b), evicted_two);
        // Its connection is as good as before.
        auto const list = co_await victim->get("/v1/models");
        EXPECT_EQ(list.status, 200);
    };
    run(task(*this));
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_collateral, nobody_is_hit_where_only_the_idle_may_go) {
    auto task = [](recovery_collateral& t) -> asio::awaitable<void> {
        t.lm->load("small");
        t.lm->load("medium");
        t.lm->script().hold_generations();
        auto* busy = co_await t.begun("small");
        co_await t.generating(1);
        auto* hungry = co_await t.begun("large");
        co_await t.unloaded("medium");
        t.lm->script().release_generations();
        auto const a = co_await busy->read_answer();
        auto const b = co_await hungry->read_answer();
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), "");
        EXPECT_EQ(recovery_of(b), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(unloads("small"), 0U);
    EXPECT_EQ(lm->counts().generations_unloaded, 0U);
}

TEST_F(recovery_collateral, one_that_still_loads_is_no_victim_even_if_all_may_go) {
    w.settings.recovery.evict = policy::evict::all;
    auto task = [](recovery_collateral& t) -> asio::awaitable<void> {
        t.lm->load("small");
        t.lm->script().hold_loads();
        auto* loading = co_await t.begun("medium");
        auto begun = [&t] { return t.lm->models().find_instance("medium") != nullptr; };
        co_await t.lm->until(begun);
        auto* hungry = co_await t.begun("large");
        co_await t.unloaded("small");
        t.lm->script().release_loads();
        auto const a = co_await loading->read_answer();
        auto const b = co_await hungry->read_answer();
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), "");
        EXPECT_EQ(recovery_of(b), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(unloads("medium"), 0U);
}

TEST_F(recovery_collateral, one_whose_model_went_before_its_request_came_is_replayed_once) {
    auto task = [](recovery_collateral& t) -> asio::awaitable<void> {
        t.lm->load("small");
        t.lm->load("medium");
        for (auto const* text :
             std::array{"Model unloaded.", "Model is unloaded.",
                        "Model unloaded by user or API request.", "Model reloaded."}) {
            for (bool const stream : in_both_ways) {
                SCOPED_TRACE(text);
                auto const own =
                    answer_bytes("400 Bad Request", R"({"error":")" + std::string{text} + R"("})");
                auto const answer = canned::bytes(own);
                auto const before = t.requests_to(chat_path).size();
                t.lm->script().answer_next(chat_path, answer);
                auto const a = co_await t.chat("small", stream);
                EXPECT_EQ(a.status, 200);
                EXPECT_TRUE(a.complete);
                EXPECT_EQ(recovery_of(a), "recovered; reason=unloaded_in_flight; unloaded=0");
                EXPECT_EQ(attempts_of(a), "2");
                EXPECT_EQ(t.requests_to(chat_path).size(), before + 2);

                t.lm->script().answer_next(chat_path, answer, 2);
                auto const b = co_await t.chat("small", stream);
                EXPECT_EQ(without_recovery_fields(b.raw), own);
                EXPECT_EQ(recovery_of(b), "replay_failed; reason=unloaded_in_flight; unloaded=0");
                EXPECT_EQ(attempts_of(b), "2");
                EXPECT_EQ(t.requests_to(chat_path).size(), before + 4);
            }
        }
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(list_path).empty());
    EXPECT_TRUE(requests_to(unload_path).empty());
    EXPECT_EQ(records(), 0U);
}

TEST_F(recovery_collateral, one_whose_model_went_is_replayed_once_even_if_more_replays_are_left) {
    w.settings.recovery.max_replays = 5;
    auto task = [](recovery_collateral& t) -> asio::awaitable<void> {
        t.lm->load("small");
        auto const answer = canned::json(400, R"({"error":"Model unloaded."})");
        t.lm->script().answer_next(chat_path, answer, 2);
        auto const a = co_await t.chat("small");
        EXPECT_EQ(a.status, 400);
        EXPECT_EQ(attempts_of(a), "2");
        // But where its replay finds no memory, room is made for it.
        t.lm->load("medium");
        t.lm->unload("small");
        auto const full = canned::json(400, memory_error("small"));
        t.lm->script().answer_next(chat_path, answer);
        t.lm->script().answer_next(chat_path, full);
        auto const b = co_await t.chat("small");
        EXPECT_EQ(b.status, 200) << b.raw;
        EXPECT_EQ(recovery_of(b), evicted_one);
        EXPECT_EQ(attempts_of(b), "3");
    };
    run(task(*this));
    EXPECT_EQ(unloads("medium"), 1U);
}

// Each of two models fits, but not both, and both are asked for while neither is there.
TEST_F(recovery_collateral, two_cold_starts_at_once_are_both_served) {
    auto task = [](recovery_collateral& t) -> asio::awaitable<void> {
        for (bool const stream : in_both_ways) {
            for (bool const idle_one : in_both_ways) {
                t.lm->reset();
                if (idle_one)
                    t.lm->load("small");
                std::vector<std::string> const requests{
                    make_request("POST", chat_path, chat_body("large", stream)),
                    make_request("POST", chat_path, chat_body("other", stream))};
                auto const both = co_await t.sent_together(requests);
                for (auto* client : both) {
                    auto const a = co_await client->read_answer();
                    EXPECT_EQ(a.status, 200) << a.raw;
                    EXPECT_TRUE(a.complete);
                    if (stream) {
                        EXPECT_THAT(a.body, EndsWith("data: [DONE]\n\n"));
                    }
                }
                EXPECT_EQ(t.lm->counts().generations_finished, 2U);
            }
        }
    };
    run(task(*this));
}

// A crowd in which everybody takes from everybody, and all get what they asked for.
TEST_F(recovery_collateral, many_who_take_turns_are_all_served) {
    w.settings.recovery.max_replays = 5;
    auto ask = [](recovery_collateral& t, std::string model) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        for (bool const stream : in_both_ways) {
            auto const a = co_await client->post(chat_path, chat_body(model, stream));
            EXPECT_EQ(a.status, 200) << a.raw;
            EXPECT_TRUE(a.complete);
        }
    };
    auto task = [](recovery_collateral& t,
                   std::function<asio::awaitable<void>(recovery_collateral&, std::string)> each)
        -> asio::awaitable<void> {
        for (int i = 0; i < 4; ++i)
            for (auto const* model : std::array{"small", "medium", "large", "other"})
                t.spawn(each(t, model));
        auto over = [&t] { return t.spawned == 0; };
        co_await t.until(over);
    };
    run(task(*this, ask));
    EXPECT_EQ(lm->counts().generations_unloaded, 0U);
}
