#include <secondwind/lmstudio/error_message.hpp>

#include <gmock/gmock.h>

#include <string>

namespace secondwind::lmstudio {
namespace error_message_test {

using testing::ElementsAre;
using strings = std::vector<std::string>;

error_report report_in(std::string_view json, wrapping w = wrapping::required) {
    auto error = read_error(json, w);
    EXPECT_TRUE(error) << json;
    return error.value_or(error_report{});
}

TEST(read_error, reads_message_title_and_causes_in_this_order) {
    auto const members =
        std::string{R"({"cause":{"cause":{"message":"e","title":"d"},"title":"c"},)"
                    R"("title":"b","message":"a"})"};
    strings const texts{"a", "b", "e", "d", "c"};
    EXPECT_EQ(report_in(R"({"error":)" + members + "}").texts, texts);
    EXPECT_EQ(report_in(members, wrapping::optional).texts, texts);
    EXPECT_EQ(report_in(R"({"type":"response.failed","response":{"error":)" + members + "}}").texts,
              texts);
    EXPECT_FALSE(read_error(members));
}

TEST(read_error, reads_causes_that_are_texts_or_objects_two_levels_deep) {
    EXPECT_THAT(report_in(R"({"error":{"cause":"a"}})").texts, ElementsAre("a"));
    EXPECT_THAT(report_in(R"({"error":{"cause":{"cause":"a"}}})").texts, ElementsAre("a"));
    EXPECT_THAT(report_in(R"({"error":{"cause":{"cause":{"message":"a"}}}})").texts,
                ElementsAre("a"));
    EXPECT_THAT(report_in(R"({"error":{"cause":{"cause":{"cause":"a"}}}})").texts, ElementsAre(""));
    EXPECT_THAT(report_in(R"({"error":{"cause":["a",{"message":"b"}]}})").texts, ElementsAre(""));
    EXPECT_THAT(report_in(R"({"error":{"cause":{"stack":"a","x":{"message":"b"}}}})").texts,
                ElementsAre(""));
}

TEST(read_error, never_reads_what_repeats_the_words_of_others) {
    for (auto const* name : {"stack", "errorData", "suggestion", "param", "rootTitle",
                             "displayData", "request", "errors", "Message"})
        for (std::string const value :
             {R"("a")", R"({"message":"a","title":"a","cause":"a"})", R"(["a"])"}) {
            auto const member = '"' + std::string{name} + "\":" + value;
            EXPECT_THAT(report_in(R"({"error":{)" + member + R"(,"message":"b"}})").texts,
                        ElementsAre("b"))
                << member;
            EXPECT_FALSE(read_error("{" + member + "}", wrapping::optional)) << member;
        }
}

TEST(read_error, takes_the_first_of_members_that_stand_twice) {
    auto const r = report_in(
        R"({"error":{"message":"a","message":"b","title":"c","title":"d","type":"e","type":"f"}})");
    EXPECT_THAT(r.texts, ElementsAre("a", "c"));
    EXPECT_EQ(r.type, "e");
    EXPECT_THAT(report_in(R"({"error":"a","error":{"message":"b"}})").texts, ElementsAre("a"));
}

TEST(read_error, reads_the_type_and_the_code) {
    for (
        auto const* json :
        {R"({"error":{"message":"a","type":"t","code":"c"}})",
         R"({"error":"a","type":"t","code":"c"})", R"({"error":{"type":"t","code":"c"}})",
         R"({"type":"error","error":{"code":"c","type":"t","message":"a"}})",
         R"({"type":"response.failed","response":{"error":{"message":"a","type":"t","code":"c"}}})",
         R"({"type":"error","message":"a","error":{"type":"t","code":"c"}})"}) {
        EXPECT_EQ(report_in(json).type, "t") << json;
        EXPECT_EQ(report_in(json).code, "c") << json;
    }
    auto const bare = report_in(R"({"title":"a","type":"t","code":"c"})", wrapping::optional);
    EXPECT_EQ(bare.type, "t");
    EXPECT_EQ(bare.code, "c");
    EXPECT_EQ(report_in(R"({"error":{"message":"a","type":7,"code":500}})").code, "");
}

TEST(read_error, reads_on_after_the_message_of_a_cut_text) {
    auto const r = report_in(R"({"error":{"message":"a","code":"c","request":{"messages":[{"ro)");
    EXPECT_THAT(r.texts, ElementsAre("a"));
    EXPECT_EQ(r.code, "c");
}

TEST(read_error, needs_an_object_where_nothing_wraps_the_error) {
    for (auto const* json :
         {"", "{}", "[]", "7", R"("a")", R"(["message","a"])", R"([{"message":"a"}])",
          R"({"message":7})", R"({"a":{"message":"b"}})"})
        EXPECT_FALSE(read_error(json, wrapping::optional)) << json;
}

TEST(error_report, shows_each_text_once) {
    EXPECT_EQ((error_report{{}, {}, {"a"}}).message(), "a");
    EXPECT_EQ((error_report{{}, {}, {""}}).message(), "");
    EXPECT_EQ((error_report{{}, {}, {"Failed to load", "out of memory"}}).message(),
              "Failed to load: out of memory");
    EXPECT_EQ((error_report{{}, {}, {"Failed to load: full", "", "full", "x"}}).message(),
              "Failed to load: full: x");
}

TEST(read_event_error, reads_an_error_event_without_a_wrapper) {
    EXPECT_THAT(read_event_error({"error", R"({"title":"a","cause":"b"})"})->texts,
                ElementsAre("a", "b"));
    EXPECT_THAT(read_event_error({"error", "a"})->texts, ElementsAre("a"));
    EXPECT_THAT(read_event_error({"error", R"("a")"})->texts, ElementsAre("a"));
    EXPECT_THAT(read_event_error({"error", R"({"x":1})"})->texts, ElementsAre(""));
    EXPECT_FALSE(read_event_error({"", R"({"title":"error","cause":"error"})"}));
    EXPECT_FALSE(read_event_error({"", R"({"title":"a"})"}));
}

TEST(named_model, is_the_one_that_could_not_be_loaded) {
    for (auto const* text :
         {R"(Failed to load model "a/b@q4". Error: x "y")", "Failed to load LLM 'a/b@q4': Error: x",
          "failed to load embedding model 'a/b@q4': x", R"(Failed to load the model "a/b@q4")",
          R"(litellm: Failed to load model "a/b@q4". Error)",
          R"(Failed to load model: Failed to load model "a/b@q4".)"})
        EXPECT_EQ(named_model(text), "a/b@q4") << text;
    EXPECT_EQ(named_model("Failed to load LLM 'bob's one': Error"), "bob's one");
}

TEST(named_model, is_none_in_any_other_text) {
    for (auto const* text :
         {"", "Failed to load model", "Failed to load model.", R"(Failed to load model ")",
          R"(Failed to load model "a)", R"(Failed to load draft model "a".)",
          R"(Failed to load model a. "b")", R"(Tool "x": Failed to load model "a".)",
          R"("Failed to load model 'a'.")", "Failed to load LLM 'a's",
          R"(Invalid model identifier "a".)", R"(Failed to load "a")"})
        EXPECT_EQ(named_model(text), "") << text;
}

} // namespace error_message_test
} // namespace secondwind::lmstudio
