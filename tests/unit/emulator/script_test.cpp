#include <secondwind/emulator/script.hpp>

#include <gtest/gtest.h>

#include <chrono>

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
    EXPECT_TRUE(script.loads_held("a"));
    EXPECT_TRUE(script.unloads_held());
    EXPECT_FALSE(script.generation_held("a", 1));
    EXPECT_TRUE(script.generation_held("a", 2));
    EXPECT_TRUE(script.generation_held("a", 3));
    script.release_loads();
    script.release_unloads();
    script.release_generations();
    EXPECT_FALSE(script.loads_held("a") || script.unloads_held() || script.generation_held("a", 9));
    EXPECT_EQ(changes, 6) << "each change calls the callback";
}

TEST_F(emulator_script, failures_happen_once) {
    script.fail_next_unload(500, "no");
    script.break_next_generation({3, "error"});
    EXPECT_EQ(script.take_unload_failure("a")->second, "no");
    EXPECT_FALSE(script.take_unload_failure("a"));
    EXPECT_EQ(script.take_breakdown()->after_tokens, 3U);
    EXPECT_FALSE(script.take_breakdown());
}

TEST_F(emulator_script, holds_the_generations_of_one_model) {
    script.hold_generations_of("a", 1);
    EXPECT_TRUE(script.generation_held("a", 1));
    EXPECT_FALSE(script.generation_held("a", 0) || script.generation_held("b", 1));
    script.release_generations_of("a");
    EXPECT_FALSE(script.generation_held("a", 1));
    script.hold_generations_of("b");
    script.release_generations();
    EXPECT_FALSE(script.generation_held("b", 0));
}

TEST_F(emulator_script, holds_the_loads_and_fails_the_unload_of_one_model) {
    script.hold_loads_of("a");
    script.fail_unload_of("a", 500, "no");
    EXPECT_TRUE(script.loads_held("a"));
    EXPECT_FALSE(script.loads_held("b"));
    EXPECT_FALSE(script.take_unload_failure("b"));
    EXPECT_EQ(script.take_unload_failure("a")->second, "no");
    EXPECT_FALSE(script.take_unload_failure("a"));
    script.release_loads();
    EXPECT_FALSE(script.loads_held("a"));
}

TEST_F(emulator_script, calls_are_late_as_often_as_it_says) {
    using std::chrono::milliseconds;
    script.delay_calls("/llm", milliseconds{5}, 2);
    script.delay_calls("/embedding", milliseconds{7});
    EXPECT_EQ(script.take_delay("/llm"), milliseconds{5});
    EXPECT_EQ(script.take_delay("/llm"), milliseconds{5});
    EXPECT_EQ(script.take_delay("/llm"), milliseconds{0});
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(script.take_delay("/embedding"), milliseconds{7});
}

TEST_F(emulator_script, some_requests_always_fail) {
    script.break_generations_for("huge prompt", breakdown::out_of_memory());
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(script.breakdown_for("a huge prompt")->text, "CUDA error: out of memory");
    EXPECT_FALSE(script.breakdown_for("a small one"));
}

TEST_F(emulator_script, replies_go_to_requests_that_offer_their_tools) {
    script.say_to("question", {{}, {}, {{"shell", "{}"}}});
    script.say_to("question", {{}, "done"}, 2);
    EXPECT_FALSE(script.take_reply("something else", {"shell"}));
    EXPECT_EQ(script.take_reply("a question", {})->text, "done");
    EXPECT_EQ(script.take_reply("a question", {"read", "shell"})->calls.size(), 1U);
    EXPECT_EQ(script.take_reply("a question", {"shell"})->text, "done");
    EXPECT_FALSE(script.take_reply("a question", {"shell"}));
}

TEST_F(emulator_script, clear_forgets_everything) {
    script.say_to("x", {{}, "done"});
    script.break_generations_for("x", breakdown::engine_out_of_memory());
    script.delay_calls("/llm", std::chrono::milliseconds{5});
    script.hold_calls("/llm");
    script.hold_memory();
    script.hold_generations_of("a");
    script.answer_next("/a", canned::close());
    script.fail_next_unload(500, "no");
    script.break_next_generation({0, "error"});
    script.hold_loads();
    script.hold_unloads();
    script.hold_generations();
    script.clear();
    EXPECT_FALSE(script.take_answer("/a") || script.take_unload_failure("a") ||
                 script.take_breakdown());
    EXPECT_FALSE(script.loads_held("a") || script.unloads_held() || script.memory_held());
    EXPECT_FALSE(script.take_reply("x", {}));
    EXPECT_FALSE(script.breakdown_for("x") || script.calls_held("/llm"));
    EXPECT_FALSE(script.generation_held("a", 0));
    EXPECT_EQ(script.take_delay("/llm").count(), 0);
}
