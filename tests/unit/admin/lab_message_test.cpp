#include "admin/lab_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace secondwind::admin {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

lab_message read(std::string_view text) {
    lab_message message;
    EXPECT_THAT(read_lab_message(text, message), IsEmpty()) << text;
    return message;
}

std::string fault(std::string_view text) {
    lab_message message;
    return read_lab_message(text, message);
}

TEST(lab_message, is_one_of_five) {
    auto const want = read(R"({"type":"want","exclusive":true,"quiet":1.5})");
    EXPECT_EQ(want.word, lab_word::want);
    EXPECT_TRUE(want.exclusive);
    EXPECT_EQ(want.quiet, 1500ms);
    auto const working = read(R"({"type":"working","on":"a/b"})");
    EXPECT_EQ(working.word, lab_word::working);
    EXPECT_EQ(working.text, "a/b");
    EXPECT_EQ(read(R"({"type":"loaded","instance_id":"x"})").text, "x");
    EXPECT_EQ(read(R"({"type":"unloaded","instance_id":"x:2"})").text, "x:2");
    EXPECT_EQ(read(R"({"type":"released","why":"of another version"})").word, lab_word::released);
}

TEST(lab_message, wants_no_more_than_the_host_unless_it_says_so) {
    auto const want = read(R"({"type":"want"})");
    EXPECT_FALSE(want.exclusive);
    EXPECT_EQ(want.quiet, 0ms);
}

TEST(lab_message, is_refused_with_what_was_expected) {
    for (auto const* text : {"", "[]", "{}", R"({"type":7})", "{\"type\":\"\xff"})
        EXPECT_THAT(fault(text), HasSubstr("a JSON object with a \"type\"")) << text;
    EXPECT_THAT(fault(R"({"type":"lend"})"), HasSubstr("want, working, loaded"));
    for (auto const* text : {R"({"type":"want","exclusive":1})", R"({"type":"want","quiet":-1})",
                             R"({"type":"want","quiet":1e9})", R"({"type":"want","quiet":"30"})"})
        EXPECT_THAT(fault(text), HasSubstr("a number of seconds up to 86400")) << text;
    for (auto const* text : {R"({"type":"loaded"})", R"({"type":"unloaded","instance_id":""})",
                             R"({"type":"loaded","instance_id":7})"})
        EXPECT_THAT(fault(text), HasSubstr("\"instance_id\"")) << text;
    EXPECT_THAT(fault(R"({"type":"working"})"), HasSubstr("\"on\""));
    EXPECT_THAT(fault(R"({"type":"working","on":")" + std::string(1025, 'x') + "\"}"),
                HasSubstr("at most 1 KiB"));
}

TEST(lab_message, is_answered_in_json) {
    EXPECT_EQ(granted_message(), R"({"type":"granted"})");
    EXPECT_EQ(wanted_message({"a", ""}), R"({"type":"wanted","models":["a",""]})");
    EXPECT_EQ(ended_message("it \"stops\""), R"({"type":"ended","reason":"it \"stops\""})");
}

} // namespace
} // namespace secondwind::admin
