#include "emulator/ws_parameters.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace secondwind::emulator;

namespace ws_parameters_test {

json parsed(char const* text) {
    return json::parse(text);
}

json predict_parameter() {
    return parsed(R"({
        "modelSpecifier":{"type":"query","query":{"identifier":"a"}},
        "history":{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]},
        "predictionConfigStack":{"layers":[{"layerName":"apiOverride","config":{"fields":[
            {"key":"llm.prediction.maxPredictedTokens","value":{"checked":true,"value":5}}]}}]}})");
}

store two_of_a() {
    store s{10, {{"a", model_type::llm, 2}, {"e", model_type::embedding, 1}}};
    for (auto const* key : {"a", "a", "e"}) {
        auto const i = s.begin_load(*s.find_model(key), load_reason::by_hand).value();
        EXPECT_TRUE(s.finish_load(i.serial));
    }
    return s;
}

instance const* found(store const& s, char const* specifier, model_type type = model_type::llm) {
    json parameter;
    parameter["specifier"] = parsed(specifier);
    auto const chosen = parse_ws_specified(parameter);
    EXPECT_TRUE(chosen) << specifier;
    return chosen ? find_specified(s, *chosen, type) : nullptr;
}

TEST(ws_parameters, take_an_identifier_to_unload) {
    EXPECT_EQ(parse_ws_unload(parsed(R"({"identifier":"a","deviceIdentifier":null})")), "a");
    for (auto const* text : {"null", "[]", "{}", R"("a")", R"({"identifier":1})"})
        EXPECT_FALSE(parse_ws_unload(parsed(text))) << text;
}

TEST(ws_parameters, need_every_part_of_a_lookup) {
    auto const whole = parse_ws_lookup(parsed(
        R"({"specifier":{"type":"instanceReference","instanceReference":"r"},
            "throwIfNotFound":true})"));
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->specifier.reference, "r");
    EXPECT_TRUE(whole->throws);
    for (auto const* text :
         {"{}", R"({"specifier":{"type":"query","query":{}}})", R"({"throwIfNotFound":true})",
          R"({"specifier":{"type":"other"},"throwIfNotFound":true})",
          R"({"specifier":{"type":"query"},"throwIfNotFound":true})",
          R"({"specifier":{"type":"query","query":{"identifier":1}},"throwIfNotFound":true})",
          R"({"specifier":{"type":"query","query":{"vision":1}},"throwIfNotFound":true})",
          R"({"specifier":"a","throwIfNotFound":true})"})
        EXPECT_FALSE(parse_ws_lookup(parsed(text))) << text;
}

TEST(ws_parameters, tell_the_two_loads_apart) {
    auto const load = parse_ws_load_model(parsed(
        R"({"modelKey":"a","identifier":"mine","ttlMs":1,"loadConfigStack":{"layers":[]}})"));
    ASSERT_TRUE(load);
    EXPECT_EQ(load->key, "a");
    EXPECT_EQ(load->identifier, "mine");
    auto const get = parse_ws_get_or_load(
        parsed(R"({"identifier":"a","loadTtlMs":1,"loadConfigStack":{"layers":[]}})"));
    ASSERT_TRUE(get);
    EXPECT_EQ(get->key, "a");
    for (auto const* text :
         {R"({"modelKey":"a"})", R"({"modelKey":"a","loadConfigStack":{}})",
          R"({"modelKey":"a","loadConfigStack":{"layers":[{}]}})",
          R"({"modelKey":"a","ttlMs":0,"loadConfigStack":{"layers":[]}})",
          R"({"modelKey":"a","identifier":null,"loadConfigStack":{"layers":[]}})"})
        EXPECT_FALSE(parse_ws_load_model(parsed(text))) << text;
}

TEST(ws_parameters, read_a_prediction_and_its_limit) {
    auto const whole = parse_ws_predict(predict_parameter());
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->specifier.query["identifier"], "a");
    EXPECT_EQ(whole->limit, 5U);
    EXPECT_GT(whole->prompt_tokens, 1U);
}

TEST(ws_parameters, take_an_unchecked_limit_for_none) {
    auto parameter = predict_parameter();
    auto& value = parameter["predictionConfigStack"]["layers"][0]["config"]["fields"][0]["value"];
    value["checked"] = false;
    auto const unlimited = parse_ws_predict(parameter);
    ASSERT_TRUE(unlimited);
    EXPECT_FALSE(unlimited->limit);
}

TEST(ws_parameters, need_every_part_of_a_prediction) {
    for (auto const* name : {"modelSpecifier", "history", "predictionConfigStack"}) {
        auto parameter = predict_parameter();
        parameter.erase(name);
        EXPECT_FALSE(parse_ws_predict(parameter)) << name;
    }
    auto parameter = predict_parameter();
    parameter["history"]["messages"][0]["content"] = "Hi";
    EXPECT_FALSE(parse_ws_predict(parameter));
}

TEST(ws_parameters, know_one_packet) {
    EXPECT_TRUE(is_ws_cancel(parsed(R"({"type":"cancel"})")));
    for (auto const* text : {"null", "{}", R"({"type":"stop"})", R"("cancel")"})
        EXPECT_FALSE(is_ws_cancel(parsed(text))) << text;
}

TEST(ws_parameters, find_what_a_query_asks_for) {
    auto const s = two_of_a();
    EXPECT_EQ(found(s, R"({"type":"query","query":{}})")->id, "a");
    EXPECT_EQ(found(s, R"({"type":"query","query":{"identifier":"a:2"}})")->id, "a:2");
    EXPECT_EQ(found(s, R"({"type":"query","query":{"path":"a"}})")->id, "a");
    EXPECT_EQ(found(s, R"({"type":"query","query":{"identifier":"e"}})"), nullptr);
    EXPECT_EQ(found(s, R"({"type":"query","query":{"vision":true}})"), nullptr);
    EXPECT_EQ(found(s, R"({"type":"query","query":{"domain":"embedding"}})"), nullptr);
    EXPECT_EQ(found(s, R"({"type":"query","query":{}})", model_type::embedding)->id, "e");
}

TEST(ws_parameters, never_find_a_reloaded_instance_by_its_old_reference) {
    auto s = two_of_a();
    json specifier;
    specifier["type"] = "instanceReference";
    specifier["instanceReference"] = instance_reference(*s.find_instance("a"));
    EXPECT_EQ(found(s, specifier.dump().c_str())->id, "a");
    EXPECT_TRUE(s.unload("a"));
    auto const again = s.begin_load(*s.find_model("a"), load_reason::by_hand).value();
    EXPECT_TRUE(s.finish_load(again.serial));
    EXPECT_EQ(again.id, "a");
    EXPECT_EQ(found(s, specifier.dump().c_str()), nullptr);
}

} // namespace ws_parameters_test
