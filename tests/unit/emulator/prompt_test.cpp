#include "emulator/prompt.hpp"

#include <gtest/gtest.h>

using namespace secondwind::emulator;

namespace {

prompt parsed(endpoint where, std::string_view body) {
    auto result = parse_prompt(where, body);
    EXPECT_TRUE(std::holds_alternative<prompt>(result)) << body;
    return std::get<prompt>(result);
}

std::string why(endpoint where, std::string_view body) {
    auto result = parse_prompt(where, body);
    EXPECT_TRUE(std::holds_alternative<unreadable>(result)) << body;
    return std::get<unreadable>(result).why;
}

} // namespace

TEST(emulator_prompt, reads_what_it_knows_and_ignores_the_rest) {
    auto const p = parsed(endpoint::chat_completions,
                          R"({"model":"a","messages":[],"stream":true,"nonsense":{"x":1},
                              "stream_options":{"include_usage":true},"max_tokens":3})");
    EXPECT_EQ(p.model, "a");
    EXPECT_TRUE(p.stream);
    EXPECT_TRUE(p.include_usage);
    EXPECT_EQ(p.limit, 3U);
}

TEST(emulator_prompt, takes_no_limit_or_a_negative_one_for_none) {
    EXPECT_FALSE(parsed(endpoint::completions, R"({"prompt":"x"})").limit);
    EXPECT_FALSE(parsed(endpoint::completions, R"({"prompt":"x","max_tokens":-1})").limit);
    EXPECT_EQ(parsed(endpoint::responses, R"({"input":"x","max_output_tokens":2})").limit, 2U);
}

TEST(emulator_prompt, a_model_of_another_type_is_none) {
    EXPECT_EQ(parsed(endpoint::completions, R"({"prompt":"x","model":7})").model, "");
}

TEST(emulator_prompt, refuses_what_is_not_a_json_object) {
    for (char const* body : {"", "{", "[]", "\"x\"", "{\"messages\":[]"})
        EXPECT_EQ(why(endpoint::chat_completions, body), "Invalid JSON in request body");
}

TEST(emulator_prompt, names_the_field_that_an_endpoint_needs) {
    EXPECT_EQ(why(endpoint::messages, "{}"), "'messages' field is required");
    EXPECT_EQ(why(endpoint::chat_completions, R"({"messages":"x"})"),
              "'messages' field is invalid");
    EXPECT_EQ(why(endpoint::embeddings, "{}"), "'input' field is required");
    EXPECT_EQ(why(endpoint::completions, R"({"prompt":1})"), "'prompt' field is invalid");
}

TEST(emulator_prompt, embeddings_are_never_streamed_and_counted_by_input) {
    auto const p = parsed(endpoint::embeddings,
                          R"({"input":["a","b"],"stream":true,"encoding_format":"base64"})");
    EXPECT_FALSE(p.stream);
    EXPECT_TRUE(p.base64);
    EXPECT_EQ(p.inputs, 2U);
}
