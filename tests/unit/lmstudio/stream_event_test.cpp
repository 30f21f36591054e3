#include <secondwind/lmstudio/stream_event.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::lmstudio {
namespace {

std::string chunk(std::string const& choices, std::string const& rest = {}) {
    return R"({"id":"chatcmpl-1","object":"chat.completion.chunk","model":"m","choices":[)" +
           choices + "]" + rest + "}";
}

TEST(read_empty_chunk, knows_a_chunk_that_brings_no_output) {
    for (auto const& [choices, roles] : std::initializer_list<std::pair<char const*, char const*>>{
             {R"({"index":0,"delta":{"role":"assistant"},"finish_reason":null})", "0 "},
             {R"({"index":0,"delta":{"role":"assistant","content":""},"logprobs":null})", "0 "},
             {R"({"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[]}})", "0 "},
             {R"({"index":2,"delta":{"role":"assistant","reasoning_content":""}})", "2 "},
             {R"({"index":0,"delta":{"role":"a"}},{"index":1,"delta":{"role":"a"}})", "0 1 "},
             {R"({"index":0,"delta":{"content":""}})", ""},
             {R"({"index":0,"delta":{"content": ""}})", ""},
             {R"({"index":0,"delta":{}})", ""},
             {R"({"index":0,"text":"","finish_reason":null})", ""}}) {
        auto const found = read_empty_chunk(chunk(choices));
        ASSERT_TRUE(found) << choices;
        EXPECT_EQ(found->roles, roles) << choices;
    }
    EXPECT_TRUE(read_empty_chunk(chunk(R"({"index":0,"delta":{}})", R"(,"usage":null)")));
}

TEST(read_empty_chunk, knows_what_output_is) {
    for (auto const* choices :
         {R"({"index":0,"delta":{"role":"assistant","content":"Hi"}})",
          R"({"index":0,"delta":{"content": "Hi"}})", R"({"index":0,"delta":{"content":" "}})",
          R"({"index":0,"delta":{"reasoning_content":"Hm"}})",
          R"({"index":0,"delta":{"reasoning":"Hm"}})",
          R"({"index":0,"delta":{"tool_calls":[{"index":0}]}})",
          R"({"index":0,"delta":{},"finish_reason":"stop"})", R"({"index":0,"text":"Hi"})",
          R"({"index":0,"delta":"x"})", R"({"index":0,"delta":{}},{"index":1,"delta":{"x":1}})",
          R"("text")", ""})
        EXPECT_FALSE(read_empty_chunk(chunk(choices))) << choices;
    EXPECT_FALSE(read_empty_chunk(chunk(R"({"delta":{}})", R"(,"usage":{"total_tokens":1})")));
    for (auto const* text : {"", "[DONE]", "{}", R"({"choices":{}})", R"({"choices":null})",
                             R"(["choices"])", R"({"choices":[{"delta":{})"})
        EXPECT_FALSE(read_empty_chunk(text)) << text;
}

TEST(read_content_block, tells_an_empty_block_from_output) {
    auto const begins = [](std::string const& block) {
        return read_content_block(R"({"type":"content_block_start","index":1,"content_block":)" +
                                  block + "}");
    };
    for (auto const* block :
         {R"({"type":"text","text":""})", R"({"type":"thinking","thinking":"","signature":""})",
          R"({"type":"text","text":"","citations":null})", R"({"type":"text"})"}) {
        auto const found = begins(block);
        ASSERT_TRUE(found) << block;
        EXPECT_EQ(found->index, "1");
        EXPECT_TRUE(found->empty) << block;
    }
    for (auto const* block : {R"({"type":"text","text":"Hi"})", R"({"type":"thinking","x":1})",
                              R"({"type":"tool_use","id":"","name":"","input":[]})", "{}"}) {
        auto const found = begins(block);
        ASSERT_TRUE(found) << block;
        EXPECT_FALSE(found->empty) << block;
    }
    for (auto const* text : {"", "{", "[]", R"({"index":0})", R"({"content_block":"text"})"})
        EXPECT_FALSE(read_content_block(text)) << text;
}

TEST(is_empty_delta, is_true_for_no_text) {
    for (auto const* text : {R"({"delta":{"type":"text_delta","text":""}})",
                             R"({"delta":{"type":"thinking_delta","thinking":""}})"})
        EXPECT_TRUE(is_empty_delta(text)) << text;
    for (auto const* text :
         {R"({"delta":{"type":"text_delta","text":"a"}})", R"({"delta":{"text":""}})",
          R"({"delta":{"type":"input_json_delta","partial_json":""}})", R"({"delta":""})", "{}",
          ""})
        EXPECT_FALSE(is_empty_delta(text)) << text;
}

} // namespace
} // namespace secondwind::lmstudio
