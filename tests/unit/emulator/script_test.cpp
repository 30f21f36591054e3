#include <secondwind/emulator/script.hpp>

#include <gtest/gtest.h>

using namespace secondwind::emulator;

namespace {

class emulator_script : public testing::Test {
protected:
    int changes = 0;
    script told{[this] { ++changes; }};
};

} // namespace

TEST_F(emulator_script, answers_are_taken_in_order_and_only_for_their_path) {
    told.answer_next("/a", canned::json(400, "1"), 2);
    told.answer_next("/a", canned::json(500, "2"));
    EXPECT_FALSE(told.take_answer("/b"));
    EXPECT_EQ(told.take_answer("/a")->body, "1");
    EXPECT_EQ(told.take_answer("/a")->body, "1");
    EXPECT_EQ(told.take_answer("/a")->status, 500U);
    EXPECT_FALSE(told.take_answer("/a"));
}

TEST_F(emulator_script, holds_last_until_they_are_released) {
    told.hold_loads();
    told.hold_unloads();
    told.hold_generations(2);
    EXPECT_TRUE(told.loads_held());
    EXPECT_TRUE(told.unloads_held());
    EXPECT_FALSE(told.generation_held(1));
    EXPECT_TRUE(told.generation_held(2));
    EXPECT_TRUE(told.generation_held(3));
    told.release_loads();
    told.release_unloads();
    told.release_generations();
    EXPECT_FALSE(told.loads_held() || told.unloads_held() || told.generation_held(9));
    EXPECT_EQ(changes, 6) << "whoever waits is told each time";
}

TEST_F(emulator_script, failures_happen_once) {
    told.fail_next_unload(500, "no");
    told.break_next_generation({3, "why"});
    EXPECT_EQ(told.take_unload_failure()->second, "no");
    EXPECT_FALSE(told.take_unload_failure());
    EXPECT_EQ(told.take_breakdown()->after_tokens, 3U);
    EXPECT_FALSE(told.take_breakdown());
}

TEST_F(emulator_script, clear_forgets_everything) {
    told.answer_next("/a", canned::close());
    told.fail_next_unload(500, "no");
    told.break_next_generation({0, "why"});
    told.hold_loads();
    told.hold_unloads();
    told.hold_generations();
    told.clear();
    EXPECT_FALSE(told.take_answer("/a") || told.take_unload_failure() || told.take_breakdown());
    EXPECT_FALSE(told.loads_held() || told.unloads_held() || told.generation_held(0));
}
