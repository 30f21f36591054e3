#include "emulator/router.hpp"

#include <gtest/gtest.h>

using namespace secondwind::emulator;

namespace {

endpoint where(std::string_view method, std::string_view target, bool rest_v1 = true) {
    return route(method, target, rest_v1).where;
}

} // namespace

TEST(emulator_router, knows_the_endpoints_by_method_and_path) {
    EXPECT_EQ(where("GET", "/lmstudio-greeting"), endpoint::greeting);
    EXPECT_EQ(where("GET", "/v1/models"), endpoint::models);
    EXPECT_EQ(where("POST", "/v1/chat/completions"), endpoint::chat_completions);
    EXPECT_EQ(where("POST", "/v1/completions"), endpoint::completions);
    EXPECT_EQ(where("POST", "/v1/embeddings"), endpoint::embeddings);
    EXPECT_EQ(where("POST", "/v1/responses"), endpoint::responses);
    EXPECT_EQ(where("POST", "/v1/messages"), endpoint::messages);
    EXPECT_EQ(where("GET", "/api/v0/models"), endpoint::v0_models);
    EXPECT_EQ(where("POST", "/api/v0/chat/completions"), endpoint::v0_chat_completions);
    EXPECT_EQ(where("GET", "/api/v1/models"), endpoint::v1_models);
    EXPECT_EQ(where("POST", "/api/v1/models/load"), endpoint::v1_load);
    EXPECT_EQ(where("POST", "/api/v1/models/unload"), endpoint::v1_unload);
    EXPECT_EQ(where("POST", "/api/v1/chat"), endpoint::v1_chat);
}

TEST(emulator_router, ignores_the_query) {
    EXPECT_EQ(where("GET", "/v1/models?x=/api/v1/"), endpoint::models);
}

TEST(emulator_router, answers_head_as_get) {
    EXPECT_EQ(where("HEAD", "/v1/models"), endpoint::models);
    EXPECT_EQ(where("HEAD", "/v1/embeddings"), endpoint::unknown);
}

TEST(emulator_router, a_wrong_method_is_as_unknown_as_a_wrong_path) {
    EXPECT_EQ(where("POST", "/v1/models"), endpoint::unknown);
    EXPECT_EQ(where("GET", "/v1/models/"), endpoint::unknown);
    EXPECT_EQ(where("GET", "/metrics"), endpoint::unknown);
    EXPECT_EQ(where("GET", "/api/v1/models/load"), endpoint::unknown_v1);
    EXPECT_EQ(where("GET", "/api/v1/nothing"), endpoint::unknown_v1);
}

TEST(emulator_router, before_0_4_knows_nothing_under_api_v1) {
    EXPECT_EQ(where("GET", "/api/v1/models", false), endpoint::unknown);
    EXPECT_EQ(where("POST", "/api/v1/models/unload", false), endpoint::unknown);
    EXPECT_EQ(where("GET", "/api/v0/models", false), endpoint::v0_models);
}

TEST(emulator_router, takes_every_options_for_a_preflight) {
    EXPECT_EQ(where("OPTIONS", "/v1/models"), endpoint::preflight);
    EXPECT_EQ(where("OPTIONS", "*"), endpoint::preflight);
}

TEST(emulator_router, decodes_the_model_of_a_path) {
    EXPECT_EQ(route("GET", "/api/v0/models/qwen/qwen3", true).model, "qwen/qwen3");
    EXPECT_EQ(route("GET", "/api/v0/models/qwen%2Fqwen3", true).model, "qwen/qwen3");
    EXPECT_EQ(route("GET", "/api/v0/models/qwen%2Fqwen3", true).where, endpoint::v0_model);
    EXPECT_EQ(where("GET", "/api/v0/models/%zz"), endpoint::unknown);
}
