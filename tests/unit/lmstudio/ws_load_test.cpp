#include <secondwind/lmstudio/ws_load.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind::lmstudio {
namespace {

TEST(load_config_parameter, prefers_the_reference) {
    EXPECT_EQ(nlohmann::json::parse(load_config_parameter("a", "r")),
              nlohmann::json::parse(
                  R"({"specifier":{"type":"instanceReference","instanceReference":"r"}})"));
    EXPECT_EQ(
        nlohmann::json::parse(load_config_parameter("a\"", "")),
        nlohmann::json::parse(R"({"specifier":{"type":"query","query":{"identifier":"a\""}}})"));
}

TEST(parse_load_config, takes_a_configuration_whole) {
    constexpr auto config = R"({"fields":[{"key":"llm.load.contextLength","value":2048},)"
                            R"({"key":"x","value":{"checked":true}}]})";
    auto const got = parse_load_config(R"({"type":"rpcResult","callId":0,"result":)" +
                                       std::string{config} + "}");
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, config);
}

TEST(parse_load_config, refuses_what_is_none) {
    for (auto const* text :
         {"", "[]", R"({"type":"rpcResult","callId":0})", R"({"type":"rpcResult","result":[]})",
          R"({"type":"rpcResult","result":{}})", R"({"type":"rpcResult","result":{"fields":{}}})",
          R"({"type":"rpcError","error":{"title":"x"},"result":{"fields":[]}})"})
        EXPECT_FALSE(parse_load_config(text)) << text;
}

TEST(load_parameter, says_all_of_what_the_instance_was) {
    load_description wanted{"mine", "k", model_kind::llm, "r", 5000, R"({"fields":[{"key":"x"}]})"};
    EXPECT_EQ(nlohmann::json::parse(load_parameter(wanted)), nlohmann::json::parse(R"({
        "modelKey":"k","identifier":"mine","ttlMs":5000,"loadConfigStack":{"layers":[
            {"layerName":"apiOverride","config":{"fields":[{"key":"x"}]}}]}})"));
}

TEST(read_description, reads_what_was_written) {
    load_description const whole{"mine", "k\"", model_kind::embedding,
                                 "",     5000,  R"({"fields":[{"key":"x"}]})"};
    EXPECT_EQ(read_description(write_description(whole)), whole);
    load_description const least{"mine", "k", model_kind::llm, "", {}, "{}"};
    EXPECT_EQ(read_description(write_description({"mine", "k"})), least);
}

TEST(read_description, takes_nothing_else) {
    for (auto const* text : {"", "[]", "{}", R"({"identifier":"a"})", R"({"modelKey":"a"})",
                             R"({"identifier":1,"modelKey":"a"})"})
        EXPECT_FALSE(read_description(text)) << text;
}

TEST(load_parameter, leaves_out_what_is_not_known) {
    load_description const wanted{"mine", "k"};
    EXPECT_EQ(nlohmann::json::parse(load_parameter(wanted)), nlohmann::json::parse(R"({
        "modelKey":"k","identifier":"mine","loadConfigStack":{"layers":[
            {"layerName":"apiOverride","config":{"fields":[]}}]}})"));
}

} // namespace
} // namespace secondwind::lmstudio
