#include <secondwind/policy/heartbeat.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::policy {
namespace {

TEST(heartbeat, is_for_streams_where_lm_studio_streams) {
    EXPECT_TRUE(wants_event_stream("/v1/chat/completions", R"({"model":"a","stream":true})"));
    EXPECT_TRUE(wants_event_stream("/api/v1/chat", R"({"stream" : true, "input":"x"})"));
    EXPECT_TRUE(wants_event_stream("/v1/messages", R"({"a":{"stream":false},"stream":true})"));
    for (auto const* body : {"", "{}", R"({"stream":false})", R"({"stream":"true"})",
                             R"({"stream":1})", R"({"a":{"stream":true}})", "[true]"})
        EXPECT_FALSE(wants_event_stream("/v1/chat/completions", body)) << body;
    EXPECT_FALSE(wants_event_stream("/v1/embeddings", R"({"stream":true})"));
    EXPECT_FALSE(wants_event_stream("/v1/models", R"({"stream":true})"));
}

TEST(heartbeat, tells_an_error_in_the_shape_of_the_vendor) {
    constexpr auto body = "{\n \"error\": {\"message\": \"no\\nroom\"}}";
    constexpr auto data = "data: {\"error\":{\"message\":\"no\\nroom\"}}\n\n";
    EXPECT_EQ(error_event_of("/v1/chat/completions", body), data);
    EXPECT_EQ(error_event_of("/v1/messages", body), std::string{"event: error\n"} + data);
    EXPECT_EQ(error_event_of("/api/v1/chat", body), std::string{"event: error\n"} + data);
}

TEST(heartbeat, has_no_event_for_what_is_no_error) {
    for (auto const* body : {"", "{", "[]", "\"error\"", R"({"models":[]})", "<html>"})
        EXPECT_EQ(error_event_of("/v1/chat/completions", body), "") << body;
}

} // namespace
} // namespace secondwind::policy
