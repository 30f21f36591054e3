// The emulated LM Studio: memory that comes back late, or that runs out outside the guardrail.
#include "support/emulator_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace {

using emulator_memory = with_emulator;

constexpr auto unload_path = "/api/v1/models/unload";

} // namespace

TEST_F(emulator_memory, comes_back_when_the_script_says_so) {
    lm->load("big");
    lm->script().hold_memory();
    auto task = [](emulator_memory& t) -> asio::awaitable<void> {
        auto const unload = co_await t.post(unload_path, R"({"instance_id":"big"})");
        EXPECT_EQ(unload.status, 200);
        EXPECT_TRUE(t.lm->models().instances().empty());
        auto const refused = co_await t.chat("huge");
        EXPECT_EQ(refused.status, 400);
        t.lm->script().release_memory();
        auto free = [&t] { return t.lm->models().used_bytes() == 0; };
        co_await t.lm->until(free);
        auto const served = co_await t.chat("huge");
        EXPECT_EQ(served.status, 200);
    };
    run(task(*this));
}

TEST_F(emulator_memory, comes_back_some_time_after_the_answer_of_an_unload) {
    auto how = small_host();
    how.release_time = std::chrono::milliseconds{1};
    emulate(how);
    lm->load("big");
    auto task = [](emulator_memory& t) -> asio::awaitable<void> {
        t.lm->unload("big");
        EXPECT_NE(t.lm->models().used_bytes(), 0U);
        auto free = [&t] { return t.lm->models().used_bytes() == 0; };
        co_await t.lm->until(free);
    };
    run(task(*this));
}

TEST_F(emulator_memory, that_is_on_its_way_is_forgotten_by_a_reset) {
    lm->load("big");
    lm->script().hold_memory();
    auto task = [](emulator_memory& t) -> asio::awaitable<void> {
        t.lm->unload("big");
        t.lm->reset();
        EXPECT_EQ(t.lm->models().used_bytes(), 0U);
        EXPECT_TRUE(t.lm->load("huge"));
        co_return;
    };
    run(task(*this));
}

TEST_F(emulator_memory, runs_out_in_the_engine_where_there_is_no_guardrail) {
    auto how = small_host();
    how.guardrail = false;
    emulate(how);
    lm->load("big");
    lm->script().hold_loads();
    auto task = [](emulator_memory& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/v1/chat/completions", chat_body("huge")));
        auto arrived = [&t] { return t.lm->counts().requests == 1; };
        co_await t.lm->until(arrived);
        EXPECT_EQ(t.lm->counts().refusals, 0U) << "it takes time to fail";
        t.lm->script().release_loads();
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 400);
        EXPECT_THAT(a.body, HasSubstr("Failed to load model"));
        EXPECT_THAT(a.body, HasSubstr("cudaMalloc failed: out of memory"));
        EXPECT_EQ(t.lm->counts().refusals, 1U);
        auto const by_hand = co_await t.post("/api/v1/models/load", R"({"model":"huge"})");
        EXPECT_EQ(by_hand.status, 500);
        EXPECT_THAT(by_hand.body, HasSubstr("cudaMalloc failed: out of memory"));
    };
    run(task(*this));
}

TEST_F(emulator_memory, is_used_by_other_programs_too) {
    lm->occupy(9'000'000'000);
    EXPECT_FALSE(lm->load("big"));
    lm->occupy(0);
    EXPECT_TRUE(lm->load("big"));
}

TEST_F(emulator_memory, runs_out_for_one_prompt_of_a_loaded_model) {
    lm->load("big");
    lm->script().break_generations_for("a huge prompt", emulator::breakdown::out_of_memory());
    lm->script().break_generations_for("another", emulator::breakdown::engine_out_of_memory());
    auto task = [](emulator_memory& t, bool stream) -> asio::awaitable<void> {
        auto body = [stream](std::string const& text) {
            return R"({"model":"big","messages":[{"role":"user","content":")" + text +
                   R"("}],"stream":)" + (stream ? "true}" : "false}");
        };
        for (int i = 0; i < 2; ++i) {
            auto const a = co_await t.post("/v1/chat/completions", body("a huge prompt"));
            EXPECT_EQ(a.status, stream ? 200 : 400);
            EXPECT_EQ(a.body, stream ? "event: error\ndata: {\"error\":{\"message\":\"CUDA error: "
                                       "out of memory\"}}\n\n"
                                     : R"({"error":"CUDA error: out of memory"})");
        }
        auto const wrapped = co_await t.post("/v1/chat/completions", body("another"));
        EXPECT_THAT(wrapped.body, HasSubstr("Engine protocol predict stream returned an error: "
                                            "{\\\"code\\\":500,\\\"message\\\":\\\"CUDA error"));
        auto const well = co_await t.post("/v1/chat/completions", body("short"));
        EXPECT_THAT(well.body, HasSubstr("model"));
        EXPECT_EQ(well.status, 200);
    };
    run(task(*this, false));
    run(task(*this, true));
    EXPECT_TRUE(lm->models().is_loaded("big"));
}
