#include <secondwind/emulator/script.hpp>

#include <gtest/gtest.h>

using namespace secondwind;
using namespace secondwind::emulator;

namespace {

class emulator_script : public testing::Test {
protected:
    int changes = 0;
    emulator::script script{[this] { ++changes; }};
};

} // namespace

TEST_F(emulator_script, answers_are_taken_in_order_and_only_for_their_path) {
    script.answer_next("/a", canned::json(400, "1"), 2);
    script.answer_next("/a", canned::json(500, "2"));
    EXPECT_FALSE(script.take_answer("/b"));
    EXPECT_EQ(script.take_answer("/a")->body, "1");
    EXPECT_EQ(script.take_answer("/a")->body, "1");
    EXPECT_EQ(script.take_answer("/a")->status, 500U);
    EXPECT_FALSE(script.take_answer("/a"));
}

TEST_F(emulator_script, holds_last_until_they_are_released) {
    script.hold_loads();
    script.hold_unloads();
    script.hold_generations(2);
    EXPECT_TRUE(script.loads_held());
    EXPECT_TRUE(script.unloads_held());
    EXPECT_FALSE(script.generation_held(1));
    EXPECT_TRUE(script.generation_held(2));
    EXPECT_TRUE(script.generation_held(3));
    script.release_loads();
    script.release_unloads();
    script.release_generations();
    EXPECT_FALSE(script.loads_held() || script.unloads_held() || script.generation_held(9));
    EXPECT_EQ(changes, 6) << "each change calls the callback";
}

TEST_F(emulator_script, failures_happen_once) {
    script.fail_next_unload(500, "no");
    script.break_next_generation({3, "error"});
    EXPECT_EQ(script.take_unload_failure()->second, "no");
    EXPECT_FALSE(script.take_unload_failure());
    EXPECT_EQ(script.take_breakdown()->after_tokens, 3U);
    EXPECT_FALSE(script.take_breakdown());
}

TEST_F(emulator_script, clear_forgets_everything) {
    script.answer_next("/a", canned::close());
    script.fail_next_unload(500, "no");
    script.break_next_generation({0, "error"});
    script.hold_loads();
    script.hold_unloads();
    script.hold_generations();
    script.clear();
    EXPECT_FALSE(script.take_answer("/a") || script.take_unload_failure() ||
                 script.take_breakdown());
    EXPECT_FALSE(script.loads_held() || script.unloads_held() || script.generation_held(0));
}
