#include "emulator/behaviour.hpp"

#include <gmock/gmock.h>

using namespace secondwind::emulator;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

namespace behaviour_test {

TEST(emulator_behaviour, a_code_has_six_digits_and_stands_by_itself) {
    EXPECT_THAT(codes_in("run 12345 1234567 a123456 123456b 004711."), ElementsAre("004711"));
    EXPECT_THAT(codes_in(""), IsEmpty());
    EXPECT_THAT(codes_in("111111"), ElementsAre("111111"));
}

TEST(emulator_behaviour, only_the_first_and_the_last_code_count) {
    EXPECT_THAT(codes_in("111111,222222\n333333"), ElementsAre("111111", "333333"));
}

TEST(emulator_behaviour, the_text_of_a_prompt_is_its_strings_without_their_json) {
    EXPECT_EQ(text_of("a\n111111"), "a\n111111\n");
    EXPECT_EQ(text_of(json::parse(R"([{"role":"user","content":[{"text":"x"},7]}])")), "user\nx\n");
    EXPECT_EQ(text_of(nullptr), "");
}

TEST(emulator_behaviour, a_cut_text_keeps_its_end) {
    EXPECT_EQ(last_tokens("abcdefghij", 2), "cdefghij");
    EXPECT_EQ(last_tokens("abc", 1), "abc");
}

TEST(emulator_behaviour, a_reply_repeats_the_codes_and_counts) {
    auto const said = reply_to("111111\nLine 000001\n222222", "", profile{}, 5);
    EXPECT_EQ(said.text, "111111 222222 1 2 3");
    EXPECT_EQ(said.reasoning, "");
    EXPECT_EQ(reply_to("Hello", "", profile{}, 2).text, "Every model");
}

TEST(emulator_behaviour, what_a_model_does_not_attend_to_is_not_repeated) {
    profile p;
    p.faults.attends_to = 2;
    EXPECT_EQ(reply_to("111111 and much more 222222", "", p, 2).text, "222222 1");
}

TEST(emulator_behaviour, a_model_that_can_reason_does_unless_it_is_told_not_to) {
    profile p;
    p.reasoning = {"on", "off"};
    EXPECT_THAT(reply_to("111111", "", p, 2).reasoning, StartsWith("Every model"));
    EXPECT_EQ(reply_to("111111", "off", p, 2).reasoning, "");
}

TEST(emulator_behaviour, speed_falls_with_depth) {
    profile p;
    EXPECT_EQ(speed_at(40, p, 100'000), 40);
    p.speed_halves_at = 10'000;
    EXPECT_EQ(speed_at(40, p, 0), 40);
    EXPECT_EQ(speed_at(40, p, 10'000), 20);
    EXPECT_EQ(speed_at(40, p, 30'000), 10);
}

} // namespace behaviour_test
