#include "lab/outcome.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace secondwind::lab {
namespace {

using registry::outcome;

constexpr auto guardrail_words =
    "Failed to load model \"m\". Error: Model loading was stopped due to insufficient system "
    "resources. Under the current settings, this model requires approximately 12.40 GB of memory, "
    "and continuing to load it would likely overload your system and cause it to freeze.";

outcome of_load(std::string error, int status = 500) {
    load_answer answer;
    answer.status = status;
    answer.error = std::move(error);
    return judge_load(answer, 8192, std::nullopt).outcome;
}

outcome of_end(call_end end) {
    load_answer answer;
    answer.end = end;
    return judge_load(answer, 8192, 4096).outcome;
}

TEST(outcome, of_a_load_tells_the_guardrail_from_the_machine) {
    EXPECT_EQ(of_load(guardrail_words), outcome::guardrail);
    EXPECT_EQ(of_load("Failed to load LLM 'm': Error: Model loading aborted due to insufficient "
                      "system resources. Overloading the system will likely cause it to freeze."),
              outcome::guardrail);
    EXPECT_EQ(of_load("Failed to load model \"m\". Error: unable to allocate CUDA0 buffer"),
              outcome::memory);
    EXPECT_EQ(of_load("Failed to load LLM 'm': Error: out of memory"), outcome::memory);
}

TEST(outcome, of_a_load_without_a_cause_depends_on_what_has_worked) {
    load_answer answer;
    answer.status = 500;
    answer.error = "Failed to load model \"m\". Error: Failed to load model.";
    EXPECT_EQ(judge_load(answer, 4096, std::nullopt).outcome, outcome::load_failed);
    EXPECT_EQ(judge_load(answer, 8192, 4096).outcome, outcome::memory);
    EXPECT_EQ(judge_load(answer, 4096, 8192).outcome, outcome::load_failed);
    EXPECT_EQ(judge_load(answer, std::nullopt, 4096).outcome, outcome::load_failed);
}

TEST(outcome, of_a_load_by_its_words) {
    EXPECT_EQ(of_load("Unable to reuse from cache: llama_memory is null"),
              outcome::cache_corruption);
    EXPECT_EQ(of_load("The model has crashed without additional information."), outcome::crash);
    EXPECT_EQ(of_load("Model unloaded."), outcome::unloaded);
    EXPECT_EQ(of_load("No LM Runtime found for model format 'gguf'!"), outcome::unsupported);
    EXPECT_EQ(of_load("error loading model: unknown model architecture: 'dream'"),
              outcome::unsupported);
    EXPECT_EQ(of_load("Operation canceled."), outcome::load_failed);
    EXPECT_EQ(of_load("Invalid token", 401), outcome::refused);
    EXPECT_EQ(of_load("", 200), outcome::good);
}

TEST(outcome, of_a_call_that_has_no_answer) {
    EXPECT_EQ(of_end(call_end::unreachable), outcome::host_down);
    EXPECT_EQ(of_end(call_end::cut), outcome::crash);
    EXPECT_EQ(of_end(call_end::timeout), outcome::timeout);
    EXPECT_EQ(of_end(call_end::cancelled), outcome::interrupted);
    EXPECT_EQ(of_load("<!DOCTYPE html><title>Error</title>"), outcome::host_down);
    EXPECT_EQ(of_load("Bad Gateway", 502), outcome::host_down);
}

TEST(outcome, of_a_load_that_failed_tells_whether_something_may_be_loaded) {
    load_answer answer;
    answer.status = 500;
    answer.error = "The model has crashed without additional information.";
    EXPECT_TRUE(has_loaded_nothing(answer));
    answer.status = 502; // the page of a gateway, which did not wait for the end
    EXPECT_FALSE(has_loaded_nothing(answer));
    answer.status = 500;
    answer.end = call_end::cancelled;
    EXPECT_FALSE(has_loaded_nothing(answer));
    EXPECT_FALSE(has_loaded_nothing({}));
}

TEST(outcome, of_a_load_without_an_end_claims_nothing_that_others_may_have_loaded) {
    registry::probe probe;
    probe.asked = 8192;
    loaded_instance mine;
    mine.id = "m:2";
    mine.model = "m";
    mine.context = 8192;
    EXPECT_TRUE(may_be_of(probe, mine, "m", {"m"}));
    EXPECT_FALSE(may_be_of(probe, mine, "another", {"m"}));
    EXPECT_FALSE(may_be_of(probe, mine, "m", {"m", "m:2"}));
    auto theirs = mine;
    theirs.context = 4096;
    EXPECT_FALSE(may_be_of(probe, theirs, "m", {"m"}));
    theirs = mine;
    theirs.just_in_time = true;
    EXPECT_FALSE(may_be_of(probe, theirs, "m", {"m"}));
}

TEST(outcome, of_another_context_than_asked_for) {
    EXPECT_EQ(judge_context(8192, 8192).outcome, outcome::good);
    EXPECT_EQ(judge_context(8000, 8192).outcome, outcome::good); // rounded up
    EXPECT_EQ(judge_context(8192, 8191).outcome, outcome::context_changed);
    EXPECT_EQ(judge_context(8192, 131'072).outcome, outcome::context_changed);
    EXPECT_EQ(judge_context(std::nullopt, 4096).outcome, outcome::good);
    EXPECT_EQ(judge_context(8192, std::nullopt).outcome, outcome::good);
}

struct answered_chat : testing::Test {
    prompt sent = make_prompt(4000, 12, 7);
    chat_answer answer = [this] {
        chat_answer a;
        a.status = 200;
        a.complete = true;
        a.instance = "m:2";
        a.text = sent.first_code + ", " + sent.last_code + ", 1, 2, 3";
        a.input_tokens = 3950;
        a.output_tokens = 20;
        return a;
    }();
    outcome judge(bool filled = true, bool require_recall = false) const {
        return judge_chat(answer, "m:2", sent, 4000, filled, require_recall).outcome;
    }
};

TEST_F(answered_chat, is_good_with_and_without_the_codes) {
    EXPECT_EQ(judge(), outcome::good);
    EXPECT_EQ(judge(true, true), outcome::good);
    answer.text = "1, 2, 3";
    EXPECT_EQ(judge(), outcome::good);
    EXPECT_EQ(judge(true, true), outcome::bad_answer);
    EXPECT_EQ(judge(false, true), outcome::bad_answer);
}

TEST_F(answered_chat, is_truncated_where_much_less_was_read_than_sent) {
    answer.input_tokens = 3600;
    EXPECT_EQ(judge(), outcome::good);
    answer.input_tokens = 3599;
    EXPECT_EQ(judge(), outcome::truncated);
    EXPECT_EQ(judge(false), outcome::good);

    answer.input_tokens.reset();
    EXPECT_EQ(judge(), outcome::good);
    answer.text = sent.last_code;
    EXPECT_EQ(judge(), outcome::truncated);
}

TEST_F(answered_chat, is_bad_if_it_is_empty) {
    answer.output_tokens = 0;
    EXPECT_EQ(judge(), outcome::bad_answer);
    answer.output_tokens.reset();
    EXPECT_EQ(judge(), outcome::good);
    answer.text.clear();
    EXPECT_EQ(judge(false), outcome::bad_answer);
}

TEST_F(answered_chat, is_a_crash_if_it_ends_early) {
    answer.complete = false;
    EXPECT_EQ(judge(), outcome::crash);
    answer.end = call_end::cut;
    EXPECT_EQ(judge(), outcome::crash);
}

TEST_F(answered_chat, says_nothing_if_another_instance_has_answered) {
    answer.instance = "m";
    EXPECT_EQ(judge(), outcome::unloaded);
}

TEST_F(answered_chat, is_judged_by_its_error) {
    auto const by = [this](std::string error) {
        answer.error = std::move(error);
        return judge();
    };
    EXPECT_EQ(by("Trying to keep the first 9000 tokens when context the overflows. However, the "
                 "model is loaded with context length of only 8192 tokens, which is not enough."),
              outcome::overflow);
    EXPECT_EQ(by("Engine protocol predict stream returned an error: {\"code\":400,\"message\":"
                 "\"request (9000 tokens) exceeds the available context size (8192)\",\"type\":"
                 "\"exceed_context_size_error\"}"),
              outcome::overflow);
    EXPECT_EQ(by("Engine protocol predict stream returned an error: {\"code\":500,\"message\":"
                 "\"llama_memory is null\",\"type\":\"server_error\"}"),
              outcome::cache_corruption);
    EXPECT_EQ(by("Model unloaded."), outcome::unloaded);
    EXPECT_EQ(by("Invalid model identifier \"m:2\"."), outcome::unloaded);
    EXPECT_EQ(by(guardrail_words), outcome::unloaded); // of another instance
    EXPECT_EQ(by("[metal::malloc] Resource limit (499000) exceeded."), outcome::memory);
    EXPECT_EQ(by("Error rendering prompt with jinja template: x"), outcome::bad_answer);
    EXPECT_EQ(by("\"context size has been exceeded\" is no role"), outcome::bad_answer);
}

TEST(outcome, of_an_embedding_needs_a_vector_of_numbers) {
    embedding_answer answer;
    answer.status = 200;
    EXPECT_EQ(judge_embedding(answer).outcome, outcome::bad_answer);
    answer.vector = {0, 0};
    EXPECT_EQ(judge_embedding(answer).outcome, outcome::bad_answer);
    answer.vector = {0.5, std::numeric_limits<double>::infinity()};
    EXPECT_EQ(judge_embedding(answer).outcome, outcome::bad_answer);
    answer.vector = {0.5, 0};
    EXPECT_EQ(judge_embedding(answer).outcome, outcome::good);
    answer.error = "Context size has been exceeded.";
    EXPECT_EQ(judge_embedding(answer).outcome, outcome::overflow);
}

TEST(outcome, keeps_at_most_a_kibibyte_of_an_error_and_cuts_no_character) {
    load_answer answer;
    answer.status = 500;
    answer.error = "x";
    for (int i = 0; i != 1000; ++i)
        answer.error += "é";
    auto const error = judge_load(answer, 8192, 4096).error;
    EXPECT_EQ(error.size(), registry::longest_error - 1);
    EXPECT_TRUE(answer.error.starts_with(error));
}

TEST(outcome, of_what_a_dead_run_has_left_depends_on_the_machine) {
    EXPECT_EQ(judge_leftover(true, "a", "b"), outcome::machine_lost);
    EXPECT_EQ(judge_leftover(true, "a", "a"), outcome::interrupted);
    EXPECT_EQ(judge_leftover(false, "a", "b"), outcome::interrupted);
}

TEST(outcome, that_says_nothing_is_neither_good_nor_bad) {
    for (auto const o :
         {outcome::running, outcome::unloaded, outcome::interrupted, outcome::refused}) {
        EXPECT_FALSE(says_something(o));
        EXPECT_FALSE(is_bad(o));
    }
    EXPECT_FALSE(is_bad(outcome::good));
    EXPECT_FALSE(is_bad(outcome::context_changed));
    EXPECT_TRUE(is_bad(outcome::guardrail));
    EXPECT_FALSE(needs_confirmation(outcome::guardrail));
    EXPECT_TRUE(needs_confirmation(outcome::crash));
}

} // namespace
} // namespace secondwind::lab
