#include <secondwind/emulator/store.hpp>

#include <gmock/gmock.h>

using namespace secondwind::emulator;
using testing::ElementsAre;

namespace store_test {

store small_host() {
    return {
        10,
        {{"a", model_type::llm, 6}, {"b", model_type::llm, 5}, {"e", model_type::embedding, 1}}};
}

instance load(store& s, char const* key, load_reason reason = load_reason::by_hand) {
    auto i = s.begin_load(*s.find_model(key), reason).value();
    EXPECT_TRUE(s.finish_load(i.serial));
    return i;
}

TEST(emulator_store, a_model_is_loading_until_its_load_is_finished) {
    auto s = small_host();
    auto const i = s.begin_load(*s.find_model("a"), load_reason::by_hand).value();
    EXPECT_EQ(i.id, "a");
    EXPECT_EQ(s.find_instance("a")->state, instance_state::loading);
    EXPECT_FALSE(s.is_loaded("a"));
    EXPECT_TRUE(s.finish_load(i.serial));
    EXPECT_TRUE(s.is_loaded("a"));
}

TEST(emulator_store, memory_is_taken_when_a_load_begins_and_given_back_by_an_unload) {
    auto s = small_host();
    s.begin_load(*s.find_model("a"), load_reason::by_hand);
    EXPECT_EQ(s.used_bytes(), 6U);
    EXPECT_FALSE(s.fits(*s.find_model("b")));
    s.finish_load(s.find_instance("a")->serial);
    EXPECT_TRUE(s.unload("a"));
    EXPECT_EQ(s.used_bytes(), 0U);
    EXPECT_TRUE(s.fits(*s.find_model("b")));
}

TEST(emulator_store, a_load_that_does_not_fit_is_refused_and_takes_nothing) {
    auto s = small_host();
    load(s, "a");
    EXPECT_FALSE(s.begin_load(*s.find_model("b"), load_reason::by_hand));
    EXPECT_EQ(s.instances().size(), 1U);
    EXPECT_TRUE(s.begin_load(*s.find_model("e"), load_reason::by_hand)) << "4 bytes are free";
}

TEST(emulator_store, a_model_as_large_as_the_memory_fits) {
    store s{6, {{"a", model_type::llm, 6}, {"b", model_type::llm, 7}}};
    EXPECT_TRUE(s.fits(*s.find_model("a")));
    EXPECT_FALSE(s.fits(*s.find_model("b")));
}

TEST(emulator_store, further_instances_are_numbered_from_two_and_fill_gaps) {
    store s{100, {{"a", model_type::llm, 1}}};
    EXPECT_EQ(load(s, "a").id, "a");
    EXPECT_EQ(load(s, "a").id, "a:2");
    EXPECT_EQ(load(s, "a").id, "a:3");
    EXPECT_TRUE(s.unload("a:2"));
    EXPECT_EQ(load(s, "a").id, "a:2");
    EXPECT_EQ(s.instances_of("a").size(), 3U);
}

TEST(emulator_store, a_reload_has_another_serial) {
    auto s = small_host();
    auto const first = load(s, "a");
    s.unload("a");
    auto const second = load(s, "a");
    EXPECT_EQ(first.id, second.id);
    EXPECT_NE(first.serial, second.serial);
    EXPECT_EQ(s.find_serial(first.serial), nullptr);
    EXPECT_NE(s.find_serial(second.serial), nullptr);
}

TEST(emulator_store, what_still_loads_cannot_be_unloaded_but_cancelled) {
    auto s = small_host();
    auto const i = s.begin_load(*s.find_model("a"), load_reason::by_hand).value();
    EXPECT_FALSE(s.unload("a"));
    s.cancel_load(i.serial);
    EXPECT_EQ(s.used_bytes(), 0U);
    EXPECT_FALSE(s.finish_load(i.serial));
}

TEST(emulator_store, a_finished_load_cannot_be_cancelled) {
    auto s = small_host();
    auto const i = load(s, "a");
    s.cancel_load(i.serial);
    EXPECT_TRUE(s.is_loaded("a"));
}

TEST(emulator_store, unloading_what_is_not_there_says_so) {
    auto s = small_host();
    EXPECT_FALSE(s.unload("a"));
    EXPECT_FALSE(s.unload("nobody"));
}

TEST(emulator_store, a_corrupt_cache_is_cured_by_a_reload) {
    auto s = small_host();
    EXPECT_EQ(s.corrupt("a"), 0U) << "not loaded";
    load(s, "a");
    EXPECT_EQ(s.corrupt("a"), 1U);
    EXPECT_TRUE(s.find_instance("a")->corrupt);
    s.unload("a");
    load(s, "a");
    EXPECT_FALSE(s.find_instance("a")->corrupt);
}

TEST(emulator_store, only_what_requests_loaded_is_evicted) {
    auto s = small_host();
    load(s, "e", load_reason::by_hand);
    load(s, "a", load_reason::just_in_time);
    EXPECT_THAT(s.evict_just_in_time(), ElementsAre("a"));
    EXPECT_TRUE(s.is_loaded("e"));
    EXPECT_FALSE(s.is_loaded("a"));
}

TEST(emulator_store, memory_comes_back_later_where_it_is_told_so) {
    auto s = small_host();
    auto const a = load(s, "a");
    EXPECT_TRUE(s.unload("a", memory_return::later));
    EXPECT_FALSE(s.is_loaded("a"));
    EXPECT_EQ(s.used_bytes(), 6U);
    EXPECT_FALSE(s.fits(*s.find_model("b")));
    s.give_back(a.serial);
    EXPECT_EQ(s.used_bytes(), 0U);
    s.give_back(a.serial);
    EXPECT_EQ(s.used_bytes(), 0U) << "once is enough";
}

TEST(emulator_store, other_programs_use_memory_too) {
    auto s = small_host();
    s.occupy(9);
    EXPECT_FALSE(s.fits(*s.find_model("b")));
    EXPECT_TRUE(s.fits(*s.find_model("e")));
    s.occupy(20);
    EXPECT_FALSE(s.fits(*s.find_model("e"))) << "more than there is";
    s.occupy(0);
    EXPECT_TRUE(s.fits(*s.find_model("b")));
}

TEST(emulator_store, an_instance_on_another_device_takes_no_memory_here) {
    auto s = small_host();
    load_choice const linked{load_reason::by_hand, {}, "mac-studio"};
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(s.begin_load(*s.find_model("a"), linked));
    EXPECT_EQ(s.used_bytes(), 0U);
    EXPECT_EQ(s.instances().front().device, "mac-studio");
}

TEST(emulator_store, an_instance_can_have_a_name_of_its_own) {
    auto s = small_host();
    load_choice const named{load_reason::by_hand, "my-coder"};
    auto const i = s.begin_load(*s.find_model("a"), named).value();
    EXPECT_EQ(i.id, "my-coder");
    EXPECT_EQ(i.key, "a");
}

TEST(emulator_store, knows_a_model_in_several_spellings) {
    model gemma{"google/gemma-3-12b", model_type::llm, 1};
    gemma.variants = {"google/gemma-3-12b@q4_k_m", "google/gemma-3-12b@q8_0"};
    store const s{10,
                  {gemma, {"other/coder", model_type::llm, 1}, {"qwen/coder", model_type::llm, 1}}};
    for (auto const* name : {"google/gemma-3-12b", "Google/Gemma-3-12B", "gemma-3-12b",
                             "gemma-3-12b@q8_0", "google/gemma-3-12b@Q2_K"}) {
        ASSERT_NE(s.find_meant(name), nullptr) << name;
        EXPECT_EQ(s.find_meant(name)->key, "google/gemma-3-12b");
    }
    EXPECT_EQ(s.find_meant("qwen/coder")->key, "qwen/coder");
    EXPECT_EQ(s.find_meant("coder"), nullptr) << "two models match";
    EXPECT_EQ(s.find_meant("gpt-4"), nullptr);
    EXPECT_EQ(s.find_meant(""), nullptr);
}

TEST(emulator_guardrail, has_the_words_of_an_engine) {
    EXPECT_EQ(refusal_cause(refusal_form::engine, 8 * 1024 * 1024),
              "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8.00 MiB on device 0: "
              "cudaMalloc failed: out of memory");
}

TEST(emulator_guardrail, names_the_gigabytes_with_two_decimals) {
    EXPECT_EQ(refusal_cause(refusal_form::with_figure, 17'930'000'000),
              "Model loading was stopped due to insufficient system resources. Under the current "
              "settings, this model requires approximately 17.93 GB of memory, and continuing to "
              "load it would likely overload your system and cause it to freeze. If you think this "
              "is incorrect, you can adjust the model loading guardrails in settings.");
    EXPECT_NE(refusal_cause(refusal_form::with_figure, 273'250'000'000).find("273.25 GB"),
              std::string::npos);
}

TEST(emulator_guardrail, has_the_form_without_a_figure) {
    EXPECT_EQ(refusal_cause(refusal_form::plain, 1),
              "Model loading was stopped due to insufficient system resources. Continuing to load "
              "the model would likely overload your system and cause it to freeze. If you think "
              "this is incorrect, you can adjust the model loading guardrails in settings.");
}

TEST(emulator_guardrail, has_the_words_of_the_0_3_versions) {
    EXPECT_EQ(refusal_cause(refusal_form::old_wording, 1),
              "Model loading aborted due to insufficient system resources. Overloading the system "
              "will likely cause it to freeze. If you believe this is a mistake, you can try to "
              "change the model loading guardrails in the settings.");
}

TEST(emulator_guardrail, has_the_form_that_names_no_cause) {
    EXPECT_EQ(refusal_cause(refusal_form::generic, 1), "Failed to load model.");
}

} // namespace store_test
