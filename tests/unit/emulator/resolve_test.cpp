#include "emulator/resolve.hpp"

#include <gtest/gtest.h>

using namespace secondwind::emulator;
using kind = resolution::kind;

namespace {

class emulator_resolve : public testing::Test {
protected:
    instance load(char const* key, bool finish = true) {
        auto i = s.begin_load(*s.find_model(key), load_reason::by_hand).value();
        if (finish)
            s.finish_load(i.serial);
        return i;
    }
    resolution llm(std::string_view name, bool jit = true) const {
        return resolve(s, name, model_type::llm, jit);
    }
    resolution embedding(std::string_view name, bool jit = true) const {
        return resolve(s, name, model_type::embedding, jit);
    }

    store s{
        100,
        {{"a", model_type::llm, 1}, {"b", model_type::llm, 1}, {"e", model_type::embedding, 1}}};
};

} // namespace

TEST_F(emulator_resolve, a_loaded_model_serves_its_key) {
    load("a");
    EXPECT_EQ(llm("a").what, kind::ready);
    EXPECT_EQ(llm("a").at->id, "a");
}

TEST_F(emulator_resolve, an_instance_id_names_just_that_instance) {
    load("a");
    load("a");
    EXPECT_EQ(llm("a:2").at->id, "a:2");
}

TEST_F(emulator_resolve, the_key_finds_a_second_instance_when_the_first_has_gone) {
    load("a");
    load("a");
    s.unload("a");
    EXPECT_EQ(llm("a").what, kind::ready);
    EXPECT_EQ(llm("a").at->id, "a:2");
}

TEST_F(emulator_resolve, a_model_that_is_not_loaded_is_loaded_just_in_time) {
    load("b");
    EXPECT_EQ(llm("a").what, kind::load);
    EXPECT_EQ(llm("a").wanted->key, "a");
    EXPECT_EQ(embedding("e").what, kind::load);
}

TEST_F(emulator_resolve, a_running_load_is_joined) {
    load("a", false);
    EXPECT_EQ(llm("a").what, kind::loading);
    EXPECT_EQ(llm("a").at->id, "a");
}

TEST_F(emulator_resolve, without_just_in_time_a_model_that_is_not_loaded_is_unknown) {
    EXPECT_EQ(llm("a", false).what, kind::none);
    load("b");
    EXPECT_EQ(llm("a", false).at->id, "b");
}

TEST_F(emulator_resolve, an_unknown_name_is_served_by_the_only_model) {
    EXPECT_EQ(llm("gpt-4").what, kind::none);
    load("b");
    load("e");
    EXPECT_EQ(llm("gpt-4").what, kind::ready);
    EXPECT_EQ(llm("gpt-4").at->id, "b");
    EXPECT_EQ(llm("").at->id, "b") << "no name at all";
}

TEST_F(emulator_resolve, an_unknown_name_is_refused_when_several_models_could_serve_it) {
    load("a");
    load("b");
    EXPECT_EQ(llm("gpt-4").what, kind::several);
}

TEST_F(emulator_resolve, embeddings_are_never_served_by_another_model) {
    load("e");
    EXPECT_EQ(embedding("e").at->id, "e");
    EXPECT_EQ(embedding("other").what, kind::none);
    load("a");
    EXPECT_EQ(embedding("a").what, kind::none) << "an LLM's id";
}
