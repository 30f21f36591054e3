#include <policy/own_words.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::policy {
namespace own_words_test {

std::string own(std::string_view message) {
    return own_words_of(message).text;
}

TEST(own_words, are_a_text_without_quotations_as_it_is) {
    for (auto const* text :
         {"", " ", "CUDA error: out of memory", "Model is unloaded.", "it couldn't, and won't",
          "the model's memory isn't enough", "a{b}", "\xC3\xA4'\xC3\xA4"})
        EXPECT_EQ(own(text), text);
}

TEST(own_words, have_the_marks_of_a_quotation_and_not_its_words) {
    EXPECT_EQ(own(R"(Failed to load model "a/b". Error: x)"),
              R"(Failed to load model "". Error: x)");
    EXPECT_EQ(own("Failed to load LLM 'a': Error: x"), "Failed to load LLM '': Error: x");
    EXPECT_EQ(own("use `lms load`."), "use ``.");
    EXPECT_EQ(own(R"("a" 'b' `c`)"), R"("" '' ``)");
    EXPECT_EQ(own("'a'"), "''");
}

TEST(own_words, take_other_marks_within_a_quotation_for_its_words) {
    EXPECT_EQ(own(R"(x "it's `so` " y)"), R"(x "" y)");
    EXPECT_EQ(own(R"(x 'a "b' y)"), "x '' y");
    EXPECT_EQ(own(R"(x "a \" b" y)"), R"(x "" y)");
    EXPECT_EQ(own(R"(x "a \\" y)"), R"(x "" y)");
    EXPECT_EQ(own("LLM 'bob's model': Error"), "LLM '': Error");
}

TEST(own_words, end_where_a_quotation_does_not) {
    EXPECT_EQ(own(R"(x "out of memory)"), "x ");
    EXPECT_EQ(own("x `out of memory"), "x ");
    EXPECT_EQ(own(R"(x "out of memory\")"), "x ");
    // It may as well be an apostrophe.
    EXPECT_EQ(own("x 'tis out of memory"), "x 'tis out of memory");
}

TEST(own_words, end_with_the_announcement_of_an_echo) {
    for (std::string const echo :
         {"failed to parse input at pos", "Failed to parse tool call arguments",
          "Invalid model identifier", "x is not valid JSON", "Unexpected token",
          "Your models:", "syntax error; last read:"})
        for (auto const* foreign : {"", " 31: out of memory", " \"a\" llama_memory is null \"b\""})
            EXPECT_EQ(own(echo + foreign), echo);
    EXPECT_EQ(own("a \"invalid model identifier\" b"), "a \"\" b");
}

TEST(own_words, keep_the_quoted_words_that_a_signature_asks_for) {
    EXPECT_EQ(own("'NoneType' object has no attribute 'swapaxes'"),
              "'' object has no attribute 'swapaxes'");
    EXPECT_EQ(own("has no attribute 'swapaxes2'"), "has no attribute ''");
    EXPECT_EQ(own("\"has no attribute 'swapaxes'\""), "\"\"");
}

TEST(own_words, end_where_an_engines_error_begins) {
    std::string const json = R"({"code":500,"message":"bad_alloc"})";
    for (std::string const before :
         {"Engine protocol predict stream returned an error: ", "ENGINE PROTOCOL failed:", "",
          " \n", "Stream ended: Engine protocol predict request failed: "}) {
        auto const message = before + json;
        auto const words = own_words_of(message);
        EXPECT_EQ(words.text, before);
        EXPECT_EQ(words.engine_error, json);
    }
    for (std::string const before :
         {"Tool said: ", "Engine protocol ", "\"Engine protocol:\" said: ", "\"a\"",
          "Failed to parse input at pos 0: Engine protocol: "})
        EXPECT_EQ(own_words_of(before + json).engine_error, "") << before;
}

} // namespace own_words_test
} // namespace secondwind::policy
