#include "app/json_members.hpp"

#include <gtest/gtest.h>

namespace secondwind::app {
namespace {

TEST(json_members, tolerate_missing_members_and_other_types) {
    auto const object = json::parse(R"({"s":"x","n":7,"b":true,"z":null,"l":[1],"d":-1.5})");
    EXPECT_EQ(text_member(object, "s"), "x");
    EXPECT_EQ(text_member(object, "n"), "7");
    EXPECT_EQ(text_member(object, "b"), "true");
    EXPECT_EQ(text_member(object, "z"), "-");
    EXPECT_EQ(text_member(object, "none", ""), "");
    EXPECT_EQ(text_member(object, "l"), "-");
    EXPECT_TRUE(is_true(object, "b"));
    EXPECT_FALSE(is_true(object, "s"));
    EXPECT_EQ(number_member(object, "d"), -1.5);
    EXPECT_EQ(number_member(object, "s"), 0);
    EXPECT_EQ(count_member(object, "n"), 7u);
    EXPECT_EQ(count_member(object, "d"), 0u);
    EXPECT_EQ(list_member(object, "l").size(), 1u);
    EXPECT_TRUE(list_member(object, "s").empty());
    for (auto const* text : {"null", "3", "[]", "\"x\""}) {
        EXPECT_TRUE(member(json::parse(text), "s").is_null());
        EXPECT_EQ(text_member(json::parse(text), "s"), "-");
    }
    EXPECT_EQ(text_member(json::parse("{", nullptr, false), "s"), "-");
}

} // namespace
} // namespace secondwind::app
