#include "emulator/router.hpp"

#include <gtest/gtest.h>

using namespace secondwind::emulator;

namespace {

endpoint endpoint_of(std::string_view method, std::string_view target, bool rest_v1 = true) {
    return route(method, target, rest_v1).endpoint;
}

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

TEST(emulator_router, knows_the_endpoints_by_method_and_path) {
    EXPECT_EQ(endpoint_of("GET", "/lmstudio-greeting"), endpoint::greeting);
    EXPECT_EQ(endpoint_of("GET", "/v1/models"), endpoint::models);
    EXPECT_EQ(endpoint_of("POST", "/v1/chat/completions"), endpoint::chat_completions);
    EXPECT_EQ(endpoint_of("POST", "/v1/completions"), endpoint::completions);
    EXPECT_EQ(endpoint_of("POST", "/v1/embeddings"), endpoint::embeddings);
    EXPECT_EQ(endpoint_of("POST", "/v1/responses"), endpoint::responses);
    EXPECT_EQ(endpoint_of("POST", "/v1/messages"), endpoint::messages);
    EXPECT_EQ(endpoint_of("GET", "/api/v0/models"), endpoint::v0_models);
    EXPECT_EQ(endpoint_of("POST", "/api/v0/chat/completions"), endpoint::v0_chat_completions);
    EXPECT_EQ(endpoint_of("GET", "/api/v1/models"), endpoint::v1_models);
    EXPECT_EQ(endpoint_of("POST", "/api/v1/models/load"), endpoint::v1_load);
    EXPECT_EQ(endpoint_of("POST", "/api/v1/models/unload"), endpoint::v1_unload);
    EXPECT_EQ(endpoint_of("POST", "/api/v1/chat"), endpoint::v1_chat);
}

TEST(emulator_router, ignores_the_query) {
    EXPECT_EQ(endpoint_of("GET", "/v1/models?x=/api/v1/"), endpoint::models);
}

TEST(emulator_router, answers_head_as_get) {
    EXPECT_EQ(endpoint_of("HEAD", "/v1/models"), endpoint::models);
    EXPECT_EQ(endpoint_of("HEAD", "/v1/embeddings"), endpoint::unknown);
}

TEST(emulator_router, a_wrong_method_is_as_unknown_as_a_wrong_path) {
    EXPECT_EQ(endpoint_of("POST", "/v1/models"), endpoint::unknown);
    EXPECT_EQ(endpoint_of("GET", "/v1/models/"), endpoint::unknown);
    EXPECT_EQ(endpoint_of("GET", "/metrics"), endpoint::unknown);
    EXPECT_EQ(endpoint_of("GET", "/api/v1/models/load"), endpoint::unknown_v1);
    EXPECT_EQ(endpoint_of("GET", "/api/v1/nothing"), endpoint::unknown_v1);
}

TEST(emulator_router, before_0_4_knows_nothing_under_api_v1) {
    EXPECT_EQ(endpoint_of("GET", "/api/v1/models", false), endpoint::unknown);
    EXPECT_EQ(endpoint_of("POST", "/api/v1/models/unload", false), endpoint::unknown);
    EXPECT_EQ(endpoint_of("GET", "/api/v0/models", false), endpoint::v0_models);
}

TEST(emulator_router, takes_every_options_for_a_preflight) {
    EXPECT_EQ(endpoint_of("OPTIONS", "/v1/models"), endpoint::preflight);
    EXPECT_EQ(endpoint_of("OPTIONS", "*"), endpoint::preflight);
}

TEST(emulator_router, decodes_the_model_of_a_path) {
    EXPECT_EQ(route("GET", "/api/v0/models/qwen/qwen3", true).model, "qwen/qwen3");
    EXPECT_EQ(route("GET", "/api/v0/models/qwen%2Fqwen3", true).model, "qwen/qwen3");
    EXPECT_EQ(route("GET", "/api/v0/models/qwen%2Fqwen3", true).endpoint, endpoint::v0_model);
    EXPECT_EQ(endpoint_of("GET", "/api/v0/models/%zz"), endpoint::unknown);
}

TEST_F(emulator_resolve, a_loaded_model_serves_its_key) {
    load("a");
    EXPECT_EQ(llm("a").availability, availability::ready);
    EXPECT_EQ(llm("a").serving->id, "a");
}

TEST_F(emulator_resolve, an_instance_id_names_just_that_instance) {
    load("a");
    load("a");
    EXPECT_EQ(llm("a:2").serving->id, "a:2");
}

TEST_F(emulator_resolve, the_key_finds_a_second_instance_when_the_first_has_gone) {
    load("a");
    load("a");
    s.unload("a");
    EXPECT_EQ(llm("a").availability, availability::ready);
    EXPECT_EQ(llm("a").serving->id, "a:2");
}

TEST_F(emulator_resolve, a_model_that_is_not_loaded_is_loaded_just_in_time) {
    load("b");
    EXPECT_EQ(llm("a").availability, availability::on_disk);
    EXPECT_EQ(llm("a").stored->key, "a");
    EXPECT_EQ(embedding("e").availability, availability::on_disk);
}

TEST_F(emulator_resolve, a_running_load_is_joined) {
    load("a", false);
    EXPECT_EQ(llm("a").availability, availability::loading);
    EXPECT_EQ(llm("a").serving->id, "a");
}

TEST_F(emulator_resolve, without_just_in_time_a_model_that_is_not_loaded_is_unknown) {
    EXPECT_EQ(llm("a", false).availability, availability::none);
    load("b");
    EXPECT_EQ(llm("a", false).serving->id, "b");
}

TEST_F(emulator_resolve, an_unknown_name_is_served_by_the_only_model) {
    EXPECT_EQ(llm("gpt-4").availability, availability::none);
    load("b");
    load("e");
    EXPECT_EQ(llm("gpt-4").availability, availability::ready);
    EXPECT_EQ(llm("gpt-4").serving->id, "b");
    EXPECT_EQ(llm("").serving->id, "b") << "no name at all";
}

TEST_F(emulator_resolve, an_unknown_name_is_refused_when_several_models_could_serve_it) {
    load("a");
    load("b");
    EXPECT_EQ(llm("gpt-4").availability, availability::ambiguous);
}

TEST_F(emulator_resolve, another_spelling_finds_what_is_loaded) {
    EXPECT_EQ(llm("A").stored->key, "a");
    load("a");
    load("b");
    EXPECT_EQ(llm("A").serving->id, "a");
    EXPECT_EQ(llm("a@q4_k_m").serving->id, "a");
    EXPECT_EQ(llm("E").availability, availability::ambiguous) << "no LLM";
}

TEST_F(emulator_resolve, embeddings_are_never_served_by_another_model) {
    load("e");
    EXPECT_EQ(embedding("e").serving->id, "e");
    EXPECT_EQ(embedding("other").availability, availability::none);
    load("a");
    EXPECT_EQ(embedding("a").availability, availability::none) << "an LLM's id";
}
