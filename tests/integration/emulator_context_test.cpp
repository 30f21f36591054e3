// The emulated LM Studio with models that have a profile: contexts, memory and speeds.
#include "support/emulator_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace emulator_context_test {

using document = nlohmann::json;

constexpr auto load_path = "/api/v1/models/load";
constexpr auto chat_path = "/api/v1/chat";
// Six tokens of codes, and filler.
constexpr auto short_prompt = "n\\n111111\\nfiller\\n222222\\nrepeat";

std::string load_body(std::uint64_t context) {
    return R"({"model":"big","echo_load_config":true,"context_length":)" + std::to_string(context) +
           "}";
}

std::string ask_body(std::string const& text, std::string const& more = {}) {
    return R"({"model":"big","stream":true,"store":false,"max_output_tokens":4,"input":")" + text +
           "\"" + more + "}";
}

std::string long_prompt(std::size_t tokens) {
    return "111111 " + std::string(tokens * 4, 'x') + " 222222";
}

// The "result" of the event chat.end.
document result_in(std::string const& stream) {
    constexpr std::string_view before = "event: chat.end\ndata: ";
    auto const at = stream.find(before);
    if (at == std::string::npos)
        return {};
    auto const begin = at + before.size();
    return document::parse(stream.substr(begin, stream.find('\n', begin) - begin))["result"];
}

// "big" takes 6 GB and 1 MB for each token, and the host has 10 GB.
struct emulator_contexts : with_emulator {
    emulator::options how = small_host();
    emulator::profile& big() {
        auto& model = how.models.at(0);
        if (!model.profile) {
            model.profile.emplace();
            model.profile->kv_bytes_per_token = 1'000'000;
            model.profile->default_context = 2048;
        }
        return *model.profile;
    }
    void SetUp() override { big(); }
};

TEST_F(emulator_contexts, a_load_gets_the_context_that_it_asks_for_and_every_listing_says_so) {
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const loaded = co_await t.post(
            load_path, R"({"model":"big","echo_load_config":true,"context_length":3000,)"
                       R"("flash_attention":false,"offload_kv_cache_to_gpu":false})");
        EXPECT_EQ(loaded.status, 200);
        auto const config = document::parse(loaded.body)["load_config"];
        EXPECT_EQ(config["context_length"], 3000);
        EXPECT_EQ(config["flash_attention"], false);
        EXPECT_EQ(config["offload_kv_cache_to_gpu"], false);
        auto const v1 = co_await t.get("/api/v1/models");
        EXPECT_EQ(document::parse(v1.body)["models"][0]["loaded_instances"][0]["config"], config);
        auto const v0 = co_await t.get("/api/v0/models");
        EXPECT_EQ(document::parse(v0.body)["data"][0]["loaded_context_length"], 3000);
    };
    run(task(*this));
    EXPECT_EQ(lm->models().used_bytes(), 9'000'000'000U);
}

TEST_F(emulator_contexts, a_load_without_a_context_gets_the_default_by_hand_or_just_in_time) {
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        co_await t.post(load_path, R"({"model":"big"})");
        EXPECT_EQ(t.lm->models().instances().at(0).context_length, 2048U);
        t.lm->unload("big");
        co_await t.chat("big");
        EXPECT_EQ(t.lm->models().instances().at(0).context_length, 2048U);
        t.lm->unload("big");
        co_await t.post(chat_path, ask_body("Hi", R"(,"context_length":1000,"ttl":60)"));
        EXPECT_EQ(t.lm->models().instances().at(0).context_length, 1000U);
        EXPECT_EQ(t.lm->models().instances().at(0).ttl_ms, 60'000);
    };
    run(task(*this));
}

TEST_F(emulator_contexts, the_guardrail_refuses_a_context_with_its_own_figure) {
    big().estimate_factor = 1.25;
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const good = co_await t.post(load_path, load_body(2000));
        EXPECT_EQ(good.status, 200);
        t.lm->unload("big");
        auto const refused = co_await t.post(load_path, load_body(2001));
        EXPECT_EQ(refused.status, 500);
        EXPECT_THAT(refused.body, AllOf(HasSubstr("approximately 10.00 GB"),
                                        HasSubstr("insufficient system resources")));
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().refusals, 1U);
}

TEST_F(emulator_contexts, what_passes_the_guardrail_can_still_have_too_little_memory) {
    big().estimate_factor = 0.5;
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const refused = co_await t.post(load_path, load_body(4001));
        EXPECT_EQ(refused.status, 500);
        EXPECT_THAT(refused.body,
                    HasSubstr("Failed to load LLM 'big': Error: Failed to load model."));
        auto const good = co_await t.post(load_path, load_body(4000));
        EXPECT_EQ(good.status, 200);
    };
    run(task(*this));
}

TEST_F(emulator_contexts, refuses_a_context_that_is_no_size) {
    emulate(how);
    auto task = [](emulator_contexts& t, std::string value) -> asio::awaitable<void> {
        auto const refused =
            co_await t.post(load_path, R"({"model":"big","context_length":)" + value + "}");
        EXPECT_EQ(refused.status, 400) << value;
        EXPECT_THAT(refused.body, HasSubstr("'context_length' must be a positive integer"));
    };
    for (auto const* value : {"0", "-1", "1.5", "\"4096\"", "null"})
        run(task(*this, value));
    EXPECT_TRUE(lm->models().instances().empty());
}

TEST_F(emulator_contexts, answers_with_the_codes_and_with_figures_that_fall_with_the_prompt) {
    big().prompt_tps = 1000;
    big().tps = 40;
    big().speed_halves_at = 1000;
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const a = co_await t.post(chat_path, ask_body(short_prompt));
        auto const brief = result_in(a.body);
        EXPECT_EQ(brief["output"][0]["content"], "111111 222222 1 2");
        EXPECT_EQ(brief["stats"]["total_output_tokens"], 4);
        EXPECT_EQ(brief["model_instance_id"], "big");
        EXPECT_FALSE(brief.contains("response_id")) << "store was false";
        EXPECT_GT(brief["stats"]["tokens_per_second"], 39.0);

        auto const b = co_await t.post(chat_path, ask_body(long_prompt(995)));
        auto const deep = result_in(b.body);
        auto const& stats = deep["stats"];
        EXPECT_EQ(stats["input_tokens"], 1000);
        EXPECT_EQ(stats["tokens_per_second"], 20.0);
        EXPECT_EQ(stats["time_to_first_token_seconds"], 2.0);
    };
    run(task(*this));
}

TEST_F(emulator_contexts, a_long_prompt_is_processed_in_steps) {
    how.memory_bytes = 100'000'000'000;
    big().default_context = 20'000;
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const a = co_await t.post(chat_path, ask_body(long_prompt(16'384)));
        EXPECT_THAT(a.body, AllOf(HasSubstr(R"("progress":0.25})"), HasSubstr(R"("progress":0.5})"),
                                  HasSubstr(R"("progress":1.0})")));
    };
    run(task(*this));
}

TEST_F(emulator_contexts, a_prompt_that_is_too_long_gets_one_of_lm_studios_texts) {
    using emulator::overflow_answer;
    auto task = [](emulator_contexts& t, std::string text) -> asio::awaitable<void> {
        auto const streamed = co_await t.post(chat_path, ask_body(long_prompt(2048)));
        EXPECT_THAT(streamed.body, AllOf(HasSubstr("event: error"), HasSubstr(text)));
        auto const whole = co_await t.post(
            "/api/v0/chat/completions", R"({"model":"big","messages":[{"role":"user","content":")" +
                                            long_prompt(2048) + "\"}]}");
        EXPECT_EQ(whole.status, 400);
        EXPECT_THAT(whole.body, HasSubstr(text));
    };
    for (auto const& [form, text] :
         {std::pair{overflow_answer::keep_first, "with context length of only 2048 tokens"},
          std::pair{overflow_answer::keep_more, "The number of tokens to keep from the initial"},
          std::pair{overflow_answer::exceeded, "Context size has been exceeded."}}) {
        big().faults.overflow = form;
        emulate(how);
        run(task(*this, text));
        EXPECT_TRUE(lm->models().is_loaded("big")) << "it lives on";
    }
}

TEST_F(emulator_contexts, silent_truncation_loses_the_beginning_and_counts_what_is_left) {
    big().faults.truncate_at = 500;
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const a = co_await t.post(chat_path, ask_body(long_prompt(1000)));
        auto const result = result_in(a.body);
        EXPECT_EQ(result["stats"]["input_tokens"], 500);
        EXPECT_EQ(result["output"][0]["content"], "222222 1 2 3");
        t.lm->unload("big");
    };
    run(task(*this));
    big().faults.truncate_at.reset();
    big().faults.overflow = emulator::overflow_answer::truncate;
    emulate(how);
    auto at_the_context = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const a = co_await t.post(chat_path, ask_body(long_prompt(3000)));
        EXPECT_EQ(result_in(a.body)["stats"]["input_tokens"], 2048);
    };
    run(at_the_context(*this));
}

TEST_F(emulator_contexts, a_cache_that_grows_dies_with_the_prompt_that_is_too_large_for_it) {
    big().cache = emulator::cache_growth::with_prompt;
    big().estimate_factor = 0.1;
    big().default_context = 100'000;
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const good = co_await t.post(chat_path, ask_body(long_prompt(3900)));
        EXPECT_THAT(good.body, HasSubstr("222222 1 2"));
        auto const bad = co_await t.post(chat_path, ask_body(long_prompt(4100)));
        EXPECT_THAT(bad.body, AllOf(HasSubstr("The model has crashed"), HasSubstr("chat.end")));
        EXPECT_FALSE(t.lm->models().is_loaded("big"));
        EXPECT_EQ(t.lm->models().used_bytes(), 0U);
    };
    run(task(*this));
}

TEST_F(emulator_contexts, reasons_before_it_answers_unless_it_is_told_not_to) {
    big().reasoning = {"on", "off"};
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const list = co_await t.get("/api/v1/models");
        EXPECT_EQ(document::parse(list.body)["models"][0]["capabilities"]["reasoning"],
                  document::parse(R"({"allowed_options":["on","off"],"default":"on"})"));
        auto const a = co_await t.post(chat_path, ask_body(short_prompt));
        auto const thinking = result_in(a.body);
        EXPECT_EQ(thinking["output"].size(), 1U) << "all four tokens are thought";
        EXPECT_EQ(thinking["output"][0]["type"], "reasoning");
        EXPECT_EQ(thinking["stats"]["reasoning_output_tokens"], 4);
        EXPECT_THAT(a.body, AllOf(HasSubstr("reasoning.delta"), Not(HasSubstr("message."))));
        auto const b = co_await t.post(chat_path, ask_body(short_prompt, R"(,"reasoning":"off")"));
        EXPECT_EQ(result_in(b.body)["output"][0]["content"], "111111 222222 1 2");
        auto const c = co_await t.post(chat_path, ask_body(short_prompt, R"(,"reasoning":"low")"));
        EXPECT_EQ(c.status, 400);
        EXPECT_THAT(c.body, HasSubstr("does not support the reasoning setting 'low'"));
    };
    run(task(*this));
}

TEST_F(emulator_contexts, an_embedding_has_the_dimensions_of_its_model) {
    how.models.at(2).profile.emplace();
    how.models.at(2).profile->dimensions = 6;
    how.models.at(2).profile->default_context = 100;
    emulate(how);
    auto task = [](emulator_contexts& t) -> asio::awaitable<void> {
        auto const a = co_await t.post("/v1/embeddings", R"({"model":"embed","input":"x"})");
        EXPECT_EQ(document::parse(a.body)["data"][0]["embedding"],
                  document::parse("[0.5,-0.25,0.125,0.75,0.5,-0.25]"));
        auto const b = co_await t.post("/v1/embeddings",
                                       R"({"model":"embed","input":")" + long_prompt(101) + "\"}");
        EXPECT_EQ(b.status, 400);
    };
    run(task(*this));
}

} // namespace emulator_context_test
