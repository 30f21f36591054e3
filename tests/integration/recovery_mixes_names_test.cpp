// Which model a request means, and whose words an error repeats.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::breakdown;
using emulator::canned;
using emulator::load_choice;
using emulator::load_reason;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr auto coder = "qwen/coder";

struct recovery_knows_names : with_proxy {
    recovery_knows_names() {
        emulator::options how;
        how.memory_bytes = 24'000'000'000;
        how.models = {{coder, emulator::model_type::llm, 6'000'000'000},
                      {"c", emulator::model_type::llm, 10'000'000'000},
                      {"b", emulator::model_type::llm, 16'000'000'000},
                      {"whole", emulator::model_type::llm, 24'000'000'000},
                      {"embed", emulator::model_type::embedding, 9'000'000'000}};
        how.models.front().variants = {"qwen/coder@q4_k_m", "qwen/coder@q8_0"};
        how.tokens_per_answer = 3;
        emulate(how);
    }
    asio::awaitable<http_answer> ask_for(std::string model, std::string words) {
        return post(chat_path, R"({"model":")" + model +
                                   R"(","messages":[{"role":"user","content":")" + words +
                                   R"("}]})");
    }
};

// Errors are passed on as they came, while somebody streams.
asio::awaitable<void> expect_passed_on(recovery_knows_names& t, std::string model,
                                       std::string answer) {
    t.lm->script().answer_next(chat_path, canned::bytes(answer));
    auto const sent = t.requests_to(chat_path).size();
    auto const passed = co_await t.chat(model);
    EXPECT_EQ(passed.raw, answer);
    EXPECT_EQ(t.requests_to(chat_path).size(), sent + 1) << "nothing is replayed";
}

std::string string_error(std::string const& text) {
    return answer_bytes("400 Bad Request", R"({"error":")" + text + R"("})");
}
std::string object_error(std::string const& text, std::string const& more) {
    return answer_bytes("400 Bad Request", R"({"error":{"message":")" + text + '"' + more + "}}");
}

// The words of somebody else in them are those of errors that a recovery would cure.
std::vector<std::string> errors_with_foreign_words() {
    std::vector<std::string> const texts{
        R"(Failed to parse input at pos 31: {\"x\": \"CUDA error: out of memory\"})",
        R"(Failed to parse input at pos 0: Error: llama_memory is null)",
        R"(Failed to parse tool call arguments as JSON: unexpected end of input; last read: )"
        R"('std::bad_alloc: out of memory')",
        R"(Unexpected token in \"insufficient system resources\" is not valid JSON)"};
    std::vector<std::string> errors;
    for (auto const& text : texts) {
        errors.push_back(string_error(text));
        errors.push_back(object_error(text, R"(,"type":"invalid_request_error")"));
    }
    return errors;
}

} // namespace

TEST_F(recovery_knows_names, an_alias_means_the_only_model_which_is_not_taken) {
    lm->load(coder);
    lm->load("embed");
    lm->script().break_generations_for("a huge prompt", breakdown::out_of_memory());
    auto task = [](recovery_knows_names& t) -> asio::awaitable<void> {
        auto const failed = co_await t.ask_for("gpt-4", "a huge prompt");
        EXPECT_EQ(failed.status, 400);
        EXPECT_THAT(failed.body, HasSubstr("CUDA error: out of memory"));
        EXPECT_THAT(recovery_of(failed), Not(HasSubstr("recovered")));
        auto const answer = co_await t.ask_for("gpt-4", "a short one");
        EXPECT_EQ(answer.status, 200) << answer.raw;
    };
    run(task(*this));
    EXPECT_EQ(unloads(coder), 0U);
}

TEST_F(recovery_knows_names, an_instance_with_a_name_of_its_own_is_spared) {
    lm->load(coder, load_choice{load_reason::by_hand, "my-coder"});
    lm->load("c", load_choice{load_reason::just_in_time});
    auto task = [](recovery_knows_names& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("b");
        EXPECT_EQ(answer.status, 200) << answer.raw;
        EXPECT_EQ(recovery_of(answer), evicted_one);
        auto const own = co_await t.chat("my-coder");
        EXPECT_EQ(own.status, 200) << own.raw;
    };
    run(task(*this));
    EXPECT_EQ(unloads("my-coder"), 0U);
    EXPECT_EQ(unloads("c"), 1U);
}

TEST_F(recovery_knows_names, an_instance_with_a_name_of_its_own_is_never_taken) {
    lm->load(coder, load_choice{load_reason::by_hand, "my-coder"});
    auto task = [](recovery_knows_names& t) -> asio::awaitable<void> {
        auto const refused = co_await t.chat("whole");
        EXPECT_EQ(refused.status, 400);
        EXPECT_THAT(recovery_of(refused), Not(HasSubstr("recovered")));
    };
    run(task(*this));
    EXPECT_EQ(unloads("my-coder"), 0U);
}

TEST_F(recovery_knows_names, an_instance_with_a_name_of_its_own_goes_if_the_operator_says_so) {
    w.settings.recovery.evict_named = policy::evict_named::last;
    lm->load(coder, load_choice{load_reason::by_hand, "my-coder"});
    auto task = [](recovery_knows_names& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("whole");
        EXPECT_EQ(answer.status, 200) << answer.raw;
        EXPECT_EQ(recovery_of(answer), evicted_one);
    };
    run(task(*this));
}

TEST_F(recovery_knows_names, a_model_that_is_called_like_an_error_unloads_nothing) {
    lm->load("c");
    lm->script().hold_generations_of("c", 1);
    auto task = [](recovery_knows_names& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("c");
        for (std::string const name : {"llama_memory is null", "CUDA error: out of memory"}) {
            auto const text = R"(Invalid model identifier \")" + name +
                              R"(\". Please specify a valid downloaded model.)";
            co_await expect_passed_on(t, name, string_error(text));
            co_await expect_passed_on(
                t, name,
                object_error(text, R"(,"type":"invalid_request_error","code":"model_not_found")"));
        }
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
    EXPECT_EQ(records(), 0U);
    EXPECT_EQ(unloads("c"), 0U);
}

TEST_F(recovery_knows_names, foreign_words_in_an_error_unload_nothing) {
    lm->load("c");
    lm->load("embed");
    auto task = [](recovery_knows_names& t) -> asio::awaitable<void> {
        for (auto const& error : errors_with_foreign_words())
            co_await expect_passed_on(t, "c", error);
    };
    run(task(*this));
    EXPECT_EQ(records(), 0U);
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_knows_names, another_spelling_names_the_model_whose_cache_is_corrupt) {
    auto task = [](recovery_knows_names& t, std::string name) -> asio::awaitable<void> {
        t.lm->reset();
        t.lm->load(coder);
        t.lm->load("embed");
        t.lm->corrupt(coder);
        auto const answer = co_await t.chat(name);
        EXPECT_EQ(answer.status, 200) << name << '\n' << answer.raw;
        EXPECT_EQ(t.unloads(coder), 1U) << name;
        EXPECT_EQ(t.unloads("embed"), 0U) << name;
    };
    for (auto const* name : {"qwen/coder", "Qwen/Coder", "coder", "qwen/coder@q4_k_m",
                             "qwen/coder@q8_0", "coder@Q2_K"})
        run(task(*this, name));
}

// A stream that "qwen/coder" serves keeps only that model busy.
TEST_F(recovery_knows_names, another_spelling_or_none_makes_only_its_model_busy) {
    auto task = [](recovery_knows_names& t, std::string name) -> asio::awaitable<void> {
        t.lm->reset();
        t.lm->load(coder);
        t.lm->load("embed");
        t.lm->script().hold_generations_of(coder, 1);
        auto* stream = co_await t.held_stream(name);
        auto const answer = co_await t.chat("b");
        EXPECT_EQ(answer.status, 200) << name << '\n' << answer.raw;
        EXPECT_EQ(t.unloads("embed"), 1U) << name;
        co_await t.expect_ends_well(stream);
    };
    for (auto const* name : {"Qwen/Coder", "coder", "qwen/coder@q4_k_m", ""})
        run(task(*this, name));
}
