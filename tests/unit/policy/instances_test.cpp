#include "support/all_words.hpp"

#include <secondwind/policy/plan.hpp>

#include <gtest/gtest.h>

namespace secondwind::policy {

using lmstudio::instance;
using lmstudio::inventory;

namespace {

TEST(uses, goes_by_the_instance_id_where_one_is_loaded) {
    inventory const loaded{{"a", "a"}, {"a:2", "a"}};
    EXPECT_TRUE(uses("a", loaded[0], loaded));
    EXPECT_FALSE(uses("a", loaded[1], loaded));
    EXPECT_TRUE(uses("a:2", loaded[1], loaded));
    EXPECT_FALSE(uses("a:2", loaded[0], loaded));
}

TEST(uses, goes_by_the_model_key_else) {
    inventory const loaded{{"first", "a"}, {"second", "a"}, {"b", "b"}};
    EXPECT_TRUE(uses("a", loaded[0], loaded));
    EXPECT_TRUE(uses("a", loaded[1], loaded));
    EXPECT_FALSE(uses("a", loaded[2], loaded));
    EXPECT_FALSE(uses("", loaded[0], loaded));
    EXPECT_FALSE(uses("A", loaded[0], loaded));
}

bool pins(std::string const& glob, std::string const& text) {
    return is_pinned({text, text}, {glob});
}

TEST(is_pinned, looks_at_the_model_key_and_the_instance_id) {
    instance const chat{"chat", "qwen/qwen3-8b"};
    EXPECT_TRUE(is_pinned(chat, {"chat"}));
    EXPECT_TRUE(is_pinned(chat, {"qwen/*"}));
    EXPECT_TRUE(is_pinned(chat, {"other", "*embed*", "*8B"}));
    EXPECT_FALSE(is_pinned(chat, {"other", "*embed*", "8b"}));
    EXPECT_FALSE(is_pinned(chat, {}));
}

TEST(is_pinned, compares_the_whole_text_without_case) {
    EXPECT_TRUE(pins("Nomic-Embed", "nomic-embed"));
    EXPECT_FALSE(pins("nomic", "nomic-embed"));
    EXPECT_FALSE(pins("embed", "nomic-embed"));
    EXPECT_FALSE(pins("", "nomic"));
    EXPECT_TRUE(pins("", ""));
    EXPECT_FALSE(pins("a.c", "abc"));
    EXPECT_FALSE(pins("^a$", "a"));
}

TEST(is_pinned, lets_a_question_mark_stand_for_one_character_and_a_star_for_any_run) {
    EXPECT_TRUE(pins("a:?", "a:2"));
    EXPECT_FALSE(pins("a:?", "a:"));
    EXPECT_FALSE(pins("a:?", "a:12"));
    EXPECT_TRUE(pins("a*", "a"));
    EXPECT_TRUE(pins("**", ""));
    EXPECT_TRUE(pins("*", "anything"));
    EXPECT_TRUE(pins("*a*b", "xaxbxaxb"));
    EXPECT_FALSE(pins("*a*b", "xaxbxax"));
    EXPECT_TRUE(pins("?*?", "ab"));
    EXPECT_FALSE(pins("?*?", "a"));
}

// The reference takes every choice.
bool glob_by_trial(std::string_view glob, std::string_view text) {
    if (glob.empty())
        return text.empty();
    if (glob.front() == '*')
        return glob_by_trial(glob.substr(1), text) ||
               (!text.empty() && glob_by_trial(glob, text.substr(1)));
    return !text.empty() && (glob.front() == '?' || glob.front() == text.front()) &&
           glob_by_trial(glob.substr(1), text.substr(1));
}

TEST(is_pinned, agrees_with_a_glob_that_tries_everything) {
    auto const texts = test::all_words("ab", 5);
    for (auto const& glob : test::all_words("ab*?", 4))
        for (auto const& text : texts)
            ASSERT_EQ(pins(glob, text), glob_by_trial(glob, text)) << glob << " on " << text;
}

TEST(is_pinned, does_not_drown_in_stars) {
    std::string glob;
    for (int i = 0; i < 200; ++i)
        glob += "*a";
    EXPECT_FALSE(pins(glob + "b", std::string(2000, 'a')));
}

} // namespace
} // namespace secondwind::policy
