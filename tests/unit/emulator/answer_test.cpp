#include "emulator/answer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace secondwind::emulator;

TEST(emulator_answer, a_string_error_is_one_line) {
    auto const a = string_error(400, "Model is unloaded.");
    EXPECT_EQ(a.status, 400U);
    EXPECT_EQ(a.content_type, "application/json; charset=utf-8");
    EXPECT_EQ(a.body, R"({"error":"Model is unloaded."})");
}

TEST(emulator_answer, an_object_error_is_indented_by_four_spaces) {
    EXPECT_EQ(object_error(400, "Failed", "model", nullptr).body,
              "{\n"
              "    \"error\": {\n"
              "        \"message\": \"Failed\",\n"
              "        \"type\": \"invalid_request_error\",\n"
              "        \"param\": \"model\",\n"
              "        \"code\": null\n"
              "    }\n"
              "}");
}

TEST(emulator_answer, a_rest_error_is_indented_by_two_and_leaves_out_what_is_empty) {
    EXPECT_EQ(rest_error(500, "model_load_failed", "Failed").body,
              "{\n"
              "  \"error\": {\n"
              "    \"type\": \"model_load_failed\",\n"
              "    \"message\": \"Failed\"\n"
              "  }\n"
              "}");
    auto const full = json::parse(rest_error(400, "t", "m", "c", "p").body);
    EXPECT_EQ(full["error"]["code"], "c");
    EXPECT_EQ(full["error"]["param"], "p");
}

TEST(emulator_answer, an_anthropic_error_is_one_by_its_type) {
    auto const a = json::parse(anthropic_error(400, "api_error", "m").body);
    EXPECT_EQ(a["type"], "error");
    EXPECT_EQ(a["error"]["type"], "api_error");
    EXPECT_EQ(a["error"]["message"], "m");
}

TEST(emulator_answer, an_unknown_endpoint_is_named) {
    EXPECT_EQ(unexpected_endpoint(200, "GET", "/x?y").body,
              R"j({"error":"Unexpected endpoint or method. (GET /x?y)"})j");
}

TEST(emulator_answer, what_is_not_utf_8_is_repaired) {
    auto const a = unexpected_endpoint(200, "GET", "/\xff");
    EXPECT_TRUE(json::accept(a.body)) << a.body;
}

TEST(emulator_answer, an_event_ends_with_an_empty_line) {
    EXPECT_EQ(render(sse_event{"", "[DONE]"}), "data: [DONE]\n\n");
    EXPECT_EQ(render(sse_event{"error", "{}"}), "event: error\ndata: {}\n\n");
    EXPECT_EQ(render(sse_event::typed(json{{"type", "chat.start"}})),
              "event: chat.start\ndata: {\"type\":\"chat.start\"}\n\n");
}
