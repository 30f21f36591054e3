#include "judging.hpp"
#include "support/all_words.hpp"

#include <secondwind/base/pattern.hpp>
#include <secondwind/policy/signature.hpp>

#include <algorithm>
#include <cctype>
#include <set>

namespace secondwind::policy {
namespace {

TEST(signature, matches_plain_text_anywhere_without_case) {
    EXPECT_TRUE(matches("out of memory", "CUDA error: Out Of Memory!"));
    EXPECT_TRUE(matches("OUT of", "out OF"));
    EXPECT_TRUE(matches("", ""));
    EXPECT_TRUE(matches("", "anything"));
    EXPECT_FALSE(matches("out of memory", "out of memor"));
    EXPECT_FALSE(matches("x", ""));
}

TEST(signature, folds_only_the_letters_of_ascii) {
    EXPECT_FALSE(matches("[", "{"));
    EXPECT_FALSE(matches("@", "`"));
    EXPECT_FALSE(matches("\xC3\xA4", "\xC3\x84"));
    EXPECT_TRUE(matches("az", "AZ"));
}

TEST(signature, lets_a_star_stand_for_any_run) {
    EXPECT_TRUE(matches("allocate*buffer", "unable to allocate CUDA0 buffer"));
    EXPECT_TRUE(matches("allocate*buffer", "allocatebuffer"));
    EXPECT_TRUE(matches("a*b*c", "xaxbxcx"));
    EXPECT_TRUE(matches("a**b", "ab"));
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("*a*", "xax"));
    EXPECT_FALSE(matches("allocate*buffer", "buffer allocate"));
    EXPECT_FALSE(matches("ab*bc", "abc"));
}

TEST(signature, ties_a_pattern_to_the_ends) {
    EXPECT_TRUE(matches("^model", "Model unloaded."));
    EXPECT_FALSE(matches("^model", "the model"));
    EXPECT_TRUE(matches("model$", "the Model"));
    EXPECT_FALSE(matches("model$", "models"));
    EXPECT_TRUE(matches("^terminated$", "terminated"));
    EXPECT_FALSE(matches("^terminated$", "terminated early"));
    EXPECT_FALSE(matches("^terminated$", "was terminated"));
    EXPECT_TRUE(matches("^$", ""));
    EXPECT_FALSE(matches("^$", "x"));
    EXPECT_TRUE(matches("^", "x"));
    EXPECT_TRUE(matches("$", "x"));
    EXPECT_TRUE(matches("^*$", "x"));
    EXPECT_FALSE(matches("^longer than it", "longer"));
    EXPECT_FALSE(matches("longer than it$", "it"));
}

TEST(signature, ties_the_parts_around_stars_to_the_ends) {
    EXPECT_TRUE(matches("^a*b$", "a-b-b"));
    EXPECT_TRUE(matches("a*b$", "b a b x b"));
    EXPECT_FALSE(matches("^a*b$", "a-b-c"));
    EXPECT_FALSE(matches("^ab*ba$", "aba"));
    EXPECT_TRUE(matches("^*b$", "aab"));
    EXPECT_TRUE(matches("^a*$", "ab"));
    EXPECT_FALSE(matches("^a*$", "ba"));
}

// The reference takes every choice; the texts are all those of three letters up to length five.
bool matches_by_trial(std::string_view pattern, std::string_view text) {
    if (pattern.empty())
        return true;
    if (pattern == "$")
        return text.empty();
    if (pattern.front() == '*') {
        for (std::size_t i = 0; i <= text.size(); ++i)
            if (matches_by_trial(pattern.substr(1), text.substr(i)))
                return true;
        return false;
    }
    return !text.empty() && text.front() == pattern.front() &&
           matches_by_trial(pattern.substr(1), text.substr(1));
}

TEST(signature, agrees_with_a_matcher_that_tries_everything) {
    auto const texts = test::all_words("ab", 6);
    for (auto const& inner : test::all_words("ab*", 4)) {
        for (bool const start : {false, true}) {
            for (bool const end : {false, true}) {
                auto const pattern = (start ? "^" : "") + inner + (end ? "$" : "");
                auto const reference = (start ? "" : "*") + inner + (end ? "$" : "");
                for (auto const& text : texts)
                    ASSERT_EQ(matches(pattern, text), matches_by_trial(reference, text))
                        << pattern << " in " << text;
            }
        }
    }
}

TEST(signature_table, is_lower_case_and_free_of_repetitions) {
    std::set<std::string_view> seen;
    for (auto const& s : built_in_signatures()) {
        EXPECT_TRUE(seen.insert(s.pattern).second) << s.pattern;
        EXPECT_TRUE(std::ranges::none_of(s.pattern, [](unsigned char c) {
            return std::isupper(c);
        })) << s.pattern;
        EXPECT_GE(s.pattern.size(), 8U) << s.pattern;
        EXPECT_NE(s.verdict, verdict::healthy) << s.pattern;
    }
}

TEST(signature_table, stands_in_the_order_of_its_promise) {
    using enum verdict;
    std::vector<verdict> order;
    for (auto const& s : built_in_signatures())
        if (order.empty() || order.back() != s.verdict)
            order.push_back(s.verdict);
    EXPECT_EQ(order, (std::vector{other_error, load_refused, insufficient_memory, cache_corruption,
                                  unloaded_in_flight, model_crash, suspected_memory}));
}

TEST(signature_table, has_no_entry_that_another_one_hides) {
    for (auto const& s : built_in_signatures()) {
        auto text = std::string{s.pattern};
        std::erase_if(text, [](char c) { return c == '^' || c == '$' || c == '*'; });
        EXPECT_EQ(judge_message(text), s.verdict) << s.pattern;
        for (auto const& before : built_in_signatures().first(
                 static_cast<std::size_t>(&s - built_in_signatures().data())))
            EXPECT_FALSE(matches(before.pattern, text)) << before.pattern << " hides " << s.pattern;
    }
}

TEST(judge_message, knows_the_guardrail_in_all_wordings) {
    for (auto const* text :
         {"Model loading was stopped due to insufficient system resources.",
          "Under the current settings, this model requires approximately 44.87 GB of memory",
          "this model requires approximately NaN undefined of memory",
          "Continuing to load the model would likely overload your system and cause it to freeze.",
          "Overloading the system will likely cause it to freeze.",
          "you can try to change the model loading guardrails in the settings."})
        EXPECT_EQ(judge_message(text), verdict::load_refused) << text;
}

TEST(judge_message, knows_the_engines_words_for_want_of_memory) {
    for (auto const* text :
         {"cudaMalloc failed: out of memory", "unable to allocate CUDA0 buffer",
          "alloc_tensor_range: failed to allocate ROCm0 buffer of size 1",
          "vk::Device::allocateMemory: ErrorOutOfDeviceMemory", "VK_ERROR_OUT_OF_DEVICE_MEMORY",
          "kIOGPUCommandBufferCallbackErrorOutOfMemory", "Insufficient Memory (00000008:)",
          "std::bad_alloc", "bad allocation", "[metal::malloc] Resource limit (499000) exceeded.",
          "CUDA error: CUBLAS_STATUS_ALLOC_FAILED", "[Errno 12] Cannot allocate memory",
          "not enough memory for the cache", "Not enough VRAM on device 0",
          R"(Engine protocol predict stream returned an error: {"message":"out of memory"})"})
        EXPECT_EQ(judge_message(text), verdict::insufficient_memory) << text;
}

TEST(judge_message, does_not_take_ordinary_errors_for_want_of_memory) {
    for (auto const* text :
         {"Attempt to pull a snapshot of system resources failed. Error: 'Failed to load model'",
          "Failed to load draft model. Error: Failed to load model.",
          "Failed to load LLM 'm': Error: No LM Runtime found for model format 'torchSafetensors'!",
          "Failed to load model \"m\". Error: Failed to load model. error loading model: "
          "unknown model architecture: 'x'",
          "[metal::malloc] Attempting to allocate 30000000000 bytes which is greater than the "
          "maximum allowed buffer size of 20000000000 bytes.",
          "Trying to keep the first 9 tokens when context the overflows. Try to load the model "
          "with "
          "a larger context length",
          "Error rendering prompt with jinja template: \"out of memory\"",
          "Engine protocol predict stream returned an error: {\"code\":400,\"message\":\"the "
          "request "
          "exceeds the available context size\",\"type\":\"exceed_context_size_error\"}",
          "Engine protocol predict stream returned an error: "
          "{\"code\":400,\"message\":\"bad grammar\",\"type\":\"invalid_request_error\"}",
          "Failed to load model", "Failed to load model \"m\". Error: Operation canceled.",
          "error loading model: missing tensor 'x'", "the job was terminated", "", "terminate",
          "failed to decode, ret = -1"})
        EXPECT_EQ(judge_message(text), verdict::other_error) << text;
}

TEST(judge_message, tells_an_unloaded_model_from_a_crashed_one) {
    for (auto const* text : {"Model is unloaded.", "Model unloaded by user or API request.",
                             "Model unloaded.", "Model reloaded."})
        EXPECT_EQ(judge_message(text), verdict::unloaded_in_flight) << text;
    for (auto const* text : {"Model has unloaded or crashed..", "terminated", "fetch failed",
                             "Engine protocol predict request failed: fetch failed"})
        EXPECT_EQ(judge_message(text), verdict::model_crash) << text;
}

TEST(judge_message, suspects_memory_behind_a_load_without_a_cause) {
    for (auto const* text :
         {"Failed to load model \"a/b\". Error: Failed to load model.",
          "Failed to load LLM 'a/b': Error: Failed to load model.",
          "Failed to load model \"m\". Error: Engine protocol startup was aborted.",
          "Engine protocol runtime llama-server for x exited before becoming healthy.",
          "Error loading model. (Exit code: 6). Unknown error."})
        EXPECT_EQ(judge_message(text), verdict::suspected_memory) << text;
}

TEST(judge_message, tells_a_refused_load_from_memory_that_ran_out_later) {
    using enum verdict;
    for (std::string const cause :
         {"CUDA error: out of memory", "unable to allocate CUDA0 buffer", "std::bad_alloc"}) {
        for (std::string const before :
             {"Failed to load model \"m\". Error: ", "Failed to load LLM 'm': Error: ",
              "Failed to load embedding model 'm': Error: ", "Failed to load the model\n",
              "llama_model_load: error loading model: "})
            EXPECT_EQ(judge_message(before + cause), load_refused) << before;
        for (std::string const before :
             {"", "Error in iterating prediction stream: ", "Engine protocol predict failed: ",
              "Tool 'Failed to load model' said: "})
            EXPECT_EQ(judge_message(before + cause), insufficient_memory) << before;
        EXPECT_EQ(judge_error({"model_load_failed", "", {cause}}), load_refused);
        EXPECT_EQ(judge_error({"", "model_load_failed", {cause}}), load_refused);
        EXPECT_EQ(judge_error({"server_error", "", {cause}}), insufficient_memory);
        EXPECT_EQ(judge_error({"", "", {"Failed to load model", cause}}), load_refused);
    }
    EXPECT_EQ(judge_error({"model_load_failed", "", {"The model has crashed"}}), model_crash);
    EXPECT_EQ(judge_error({"model_load_failed", "", {"Compute error."}}), suspected_memory);
}

TEST(judge_message, judges_a_failed_decode_alike_wrapped_and_bare) {
    for (std::string const text : {"Compute error.", "failed to decode, ret = -3"}) {
        EXPECT_EQ(judge_message(text), verdict::suspected_memory);
        EXPECT_EQ(judge_message("Engine protocol predict stream returned an error: "
                                R"({"code":500,"message":")" +
                                text + "\"}"),
                  verdict::suspected_memory);
    }
}

TEST(judge_message, knows_the_lost_cache_of_mlx) {
    EXPECT_EQ(judge_message("AttributeError: 'NoneType' object has no attribute 'swapaxes'"),
              verdict::cache_corruption);
    EXPECT_EQ(judge_message("AttributeError: 'NoneType' object has no attribute 'shape'"),
              verdict::other_error);
}

TEST(judge_error, asks_the_structure_before_the_texts) {
    using enum verdict;
    std::string const text = "Failed to load model \"m\". Error: insufficient system resources";
    for (auto const* word :
         {"model_not_found", "job_not_found", "invalid_api_key", "mcp_connection_error",
          "plugin_connection_error", "context_length_exceeded", "not_implemented"}) {
        EXPECT_EQ(judge_error({word, "", {text}}), other_error) << word;
        if (word != std::string_view{"model_not_found"}) {
            EXPECT_EQ(judge_error({"", word, {text}}), other_error) << word;
        }
    }
    for (auto const* word : {"invalid_request_error", "invalid_request", "unknown",
                             "internal_error", "server_error", "model_load_failed", ""})
        EXPECT_EQ(judge_error({word, "", {text}}), load_refused) << word;
    EXPECT_EQ(judge_error({"invalid_request", "model_not_loaded", {text}}), other_error);
    EXPECT_EQ(judge_error({"invalid_request", "model_load_failed", {text}}), load_refused);
}

// LM Studio 0.3 may give the code of an unknown model to a load that its guardrail refused.
TEST(judge_error, lets_only_the_guardrails_own_words_win_over_an_unknown_model) {
    using enum verdict;
    auto const judged = [](std::string const& text, std::string const& type = "") {
        return judge_error({type, "model_not_found", {text}});
    };
    std::string const refusal = "Failed to load model \"m\". Error: insufficient system resources";
    EXPECT_EQ(judged(refusal), load_refused);
    EXPECT_EQ(judged(refusal, "invalid_request_error"), load_refused);
    EXPECT_EQ(judged(refusal, "invalid_request"), other_error);
    EXPECT_EQ(judged("Failed to load model \"insufficient system resources\""), other_error);
    EXPECT_EQ(judged("Failed to load model \"m\". Error: out of memory"), other_error);
    EXPECT_EQ(judged("insufficient system resources"), other_error);
    EXPECT_EQ(judged("Model unloaded."), other_error);
}

TEST(judge_error, takes_the_first_signature_that_any_of_its_texts_matches) {
    using enum verdict;
    EXPECT_EQ(judge_error({"", "", {"Channel Error", "bad_alloc"}}), insufficient_memory);
    EXPECT_EQ(judge_error({"", "", {"bad_alloc", "Failed to load draft model"}}), other_error);
    EXPECT_EQ(judge_error({"", "", {"a", "", "Model unloaded."}}), unloaded_in_flight);
    EXPECT_EQ(judge_error({}), other_error);
}

TEST(judge_error, lets_a_rule_win_over_structure_and_quotation) {
    std::vector<rule> const rules{{"my \"words\"", verdict::load_refused, {}}};
    EXPECT_EQ(judge_error({"model_not_found", "", {"a", "has my \"words\" in it"}}, 400, rules),
              verdict::load_refused);
}

TEST(judge_message, asks_the_rules_first_in_their_order) {
    std::vector<rule> const rules{{"out of memory", verdict::model_crash, {}},
                                  {"out of*", verdict::cache_corruption, {}},
                                  {"^model unloaded.$", verdict::other_error, {}}};
    EXPECT_EQ(judge_message("CUDA error: Out Of Memory", 400, rules), verdict::model_crash);
    EXPECT_EQ(judge_message("out of order", 400, rules), verdict::cache_corruption);
    EXPECT_EQ(judge_message("Model unloaded.", 0, rules), verdict::other_error);
    // What no rule matches is left to the table.
    EXPECT_EQ(judge_message("bad_alloc", 400, rules), verdict::insufficient_memory);
    EXPECT_EQ(judge_message("bad request", 400, rules), verdict::other_error);
}

TEST(judge_message, uses_a_rule_with_a_status_for_answers_with_that_one_only) {
    std::vector<rule> const rules{{"terminated", verdict::suspected_memory, 503},
                                  {"", verdict::unloaded_in_flight, 418}};
    EXPECT_EQ(judge_message("terminated", 503, rules), verdict::suspected_memory);
    EXPECT_EQ(judge_message("terminated", 400, rules), verdict::model_crash);
    EXPECT_EQ(judge_message("terminated", 0, rules), verdict::model_crash);
    EXPECT_EQ(judge_message("whatever", 418, rules), verdict::unloaded_in_flight);
    EXPECT_EQ(judge_message("whatever", 400, rules), verdict::other_error);
}

TEST(detail_of, tells_the_guardrail_from_an_engine_that_ran_out_of_memory) {
    EXPECT_EQ(detail_of("Failed to load LLM 'm': insufficient system resources"),
              error_detail::guardrail);
    EXPECT_EQ(detail_of("Failed to load model \"m\". Error: out of memory"), error_detail::none);
    EXPECT_EQ(detail_of("Tool \"insufficient system resources\" was not found"),
              error_detail::none);
}

TEST(detail_of, knows_prompts_that_do_not_fit_and_models_that_cannot_run) {
    for (auto const* message :
         {"Trying to keep the first 9000 tokens when context the overflows.",
          "Context size has been exceeded.",
          "Engine protocol predict stream returned an error: {\"code\":400,\"message\":\"request "
          "(9000 tokens) exceeds the available context size\",\"type\":\"server_error\"}",
          "Engine protocol predict stream returned an error: {\"code\":400,\"message\":\"no\","
          "\"type\":\"exceed_context_size_error\"}"})
        EXPECT_EQ(detail_of(message), error_detail::overflow) << message;
    EXPECT_EQ(detail_of("No LM Runtime found for model format 'gguf'!"), error_detail::unsupported);
    EXPECT_EQ(detail_of("unknown model architecture: 'dream'"), error_detail::unsupported);
    EXPECT_EQ(detail_of("Invalid model identifier \"m\"."), error_detail::no_model);
    EXPECT_EQ(detail_of("Your words are \"context size has been exceeded\"."), error_detail::none);
    EXPECT_EQ(detail_of(""), error_detail::none);
}

} // namespace
} // namespace secondwind::policy
