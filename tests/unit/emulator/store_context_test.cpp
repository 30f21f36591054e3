#include <secondwind/emulator/store.hpp>

#include <gtest/gtest.h>

using namespace secondwind::emulator;

namespace store_context_test {

// 1,000 bytes, and 2 bytes for each token of at most 8,192.
model with_cache() {
    model m{"a", model_type::llm, 1000, 8192};
    m.profile.emplace();
    m.profile->default_context = 512;
    m.profile->kv_bytes_per_token = 2;
    return m;
}

load_choice asking(std::uint64_t context) {
    load_choice choice;
    choice.context_length = context;
    return choice;
}

TEST(emulator_store_contexts, a_context_costs_nothing_without_a_profile) {
    store s{10, {{"a", model_type::llm, 5}}};
    auto const usual = s.begin_load(*s.find_model("a"), load_choice{}).value();
    EXPECT_EQ(usual.context_length, usual_context);
    auto const asked = s.begin_load(*s.find_model("a"), asking(1'000'000)).value();
    EXPECT_EQ(asked.context_length, 1'000'000U);
    EXPECT_EQ(asked.size_bytes, 5U);
}

TEST(emulator_store_contexts, the_context_asked_for_costs_memory_at_the_load) {
    store s{5000, {with_cache()}};
    auto const& m = *s.find_model("a");
    auto const usual = s.begin_load(m, load_choice{}).value();
    EXPECT_EQ(usual.context_length, 512U);
    EXPECT_EQ(s.used_bytes(), 2024U);
    EXPECT_FALSE(s.begin_load(m, asking(989)));
    EXPECT_TRUE(s.begin_load(m, asking(988)));
    EXPECT_EQ(s.used_bytes(), 5000U);
}

TEST(emulator_store_contexts, a_default_is_at_most_the_maximum) {
    auto m = with_cache();
    m.max_context_length = 100;
    store s{5000, {m}};
    EXPECT_EQ(s.begin_load(*s.find_model("a"), load_choice{})->context_length, 100U);
}

TEST(emulator_store_contexts,
     a_growing_cache_takes_memory_for_the_tokens_it_holds_until_the_unload) {
    auto m = with_cache();
    m.profile->cache = cache_growth::with_prompt;
    store s{3000, {m}};
    auto const i = s.begin_load(*s.find_model("a"), asking(8192)).value();
    s.finish_load(i.serial);
    EXPECT_EQ(s.used_bytes(), 1000U);
    EXPECT_TRUE(s.grow_cache(i.serial, 1000));
    EXPECT_EQ(s.used_bytes(), 3000U);
    EXPECT_FALSE(s.grow_cache(i.serial, 1001));
    EXPECT_TRUE(s.grow_cache(i.serial, 10));
    EXPECT_EQ(s.used_bytes(), 3000U) << "it does not shrink";
    s.unload("a", memory_return::later);
    EXPECT_EQ(s.used_bytes(), 3000U);
    s.give_back(i.serial);
    EXPECT_EQ(s.used_bytes(), 0U);
}

TEST(emulator_store_contexts, the_guardrail_judges_by_another_figure_than_the_memory) {
    auto m = with_cache();
    m.profile->estimate_factor = 1.5;
    EXPECT_EQ(load_bytes(m, 500), 2000U);
    EXPECT_EQ(estimated_bytes(m, 500), 3000U);
    m.profile->cache = cache_growth::with_prompt;
    EXPECT_EQ(load_bytes(m, 500), 1000U);
    EXPECT_EQ(estimated_bytes(m, 500), 3000U) << "it expects the whole context";
}

TEST(emulator_store_contexts, a_host_that_fits_contexts_changes_them_in_silence) {
    auto m = with_cache();
    m.profile->faults.fit = context_fit::down;
    store down{5000, {m}};
    auto const& cut = *down.find_model("a");
    EXPECT_EQ(down.context_of(cut, asking(8192)), 1792U) << "2,000 would fit, in steps of 256";
    EXPECT_EQ(down.context_of(cut, asking(600)), 600U);
    m.profile->faults.fit = context_fit::up;
    store up{5000, {m}};
    EXPECT_EQ(up.context_of(*up.find_model("a"), asking(600)), 1792U);
    store large{50'000, {m}};
    EXPECT_EQ(large.context_of(*large.find_model("a"), asking(600)), 8192U);
    store small{900, {m}};
    EXPECT_EQ(small.context_of(*small.find_model("a"), asking(600)), 600U) << "nothing fits";
}

TEST(emulator_store_contexts, the_answer_to_a_load_can_repeat_the_context_that_was_asked_for) {
    auto m = with_cache();
    m.profile->faults.fit = context_fit::down;
    m.profile->faults.echoes_asked = true;
    store s{5000, {m}};
    auto const i = s.begin_load(*s.find_model("a"), asking(8192)).value();
    EXPECT_EQ(i.context_length, 1792U);
    EXPECT_EQ(i.echoed_context, 8192U);
}

TEST(emulator_store_contexts, the_cache_is_corrupt_at_the_contexts_that_are_named) {
    auto m = with_cache();
    m.profile->faults.corrupt_at = {256, 512};
    store s{50'000, {m}};
    auto const& named = *s.find_model("a");
    EXPECT_TRUE(s.begin_load(named, load_choice{})->corrupt);
    EXPECT_FALSE(s.begin_load(named, asking(511))->corrupt);
    EXPECT_TRUE(s.begin_load(named, asking(256))->corrupt);
}

} // namespace store_context_test
