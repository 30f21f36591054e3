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
    EXPECT_EQ(whole->content, predict_parameter()["history"]);
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

TEST(ws_parameters, read_a_raw_prompt) {
    auto parameter = predict_parameter();
    EXPECT_FALSE(parse_ws_complete(parameter));
    parameter.erase("history");
    parameter["rawPrompt"] = "Once";
    auto const whole = parse_ws_complete(parameter);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->content, "Once");
    EXPECT_EQ(whole->limit, 5U);
}

TEST(ws_parameters, read_the_tools_and_the_schema_of_a_prediction) {
    auto parameter = predict_parameter();
    parameter["predictionConfigStack"]["layers"][0]["config"]["fields"] = parsed(R"([
        {"key":"llm.prediction.tools","value":{"type":"toolArray","tools":[
            {"type":"function","function":{"name":"look"}},{"type":"function"},7]}},
        {"key":"llm.prediction.structured","value":{"type":"json","jsonSchema":{"type":"null"}}}])");
    auto const whole = parse_ws_predict(parameter);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->tools, std::vector<std::string>{"look"});
    EXPECT_EQ(whole->schema.value(), parsed(R"({"type":"null"})"));
}

TEST(ws_parameters, take_the_last_of_fields_that_disagree) {
    auto const load = parse_ws_load_model(parsed(R"({"modelKey":"a","loadConfigStack":{"layers":[
        {"layerName":"x","config":{"fields":[{"key":"llm.load.contextLength","value":1},
                                             {"key":"llm.load.seed","value":3},{"key":4},5]}},
        {"layerName":"y","config":{"fields":[{"key":"llm.load.contextLength","value":2}]}}]}})"));
    ASSERT_TRUE(load);
    EXPECT_EQ(load->context_length, 2U);
    EXPECT_EQ(load->config, parsed(R"([{"key":"llm.load.contextLength","value":2},
                                       {"key":"llm.load.seed","value":3}])"));
}

TEST(ws_parameters, bound_a_time_to_live) {
    auto const load = parse_ws_get_or_load(parsed(
        R"({"identifier":"a","loadTtlMs":9000000000000000000,"loadConfigStack":{"layers":[]}})"));
    ASSERT_TRUE(load);
    EXPECT_EQ(load->ttl_ms, 1'000'000'000'000);
}

TEST(ws_parameters, need_every_part_of_the_other_calls) {
    EXPECT_TRUE(parse_ws_input(parsed(R"({"s":{"type":"query","query":{}},"t":"Hi"})"), "s", "t"));
    EXPECT_FALSE(parse_ws_input(parsed(R"({"s":{"type":"query","query":{}}})"), "s", "t"));
    EXPECT_FALSE(parse_ws_input(parsed(R"({"t":"Hi"})"), "s", "t"));
    auto whole = parsed(R"({"specifier":{"type":"query","query":{}},"history":{"messages":[]},
                            "predictionConfigStack":{"layers":[]},"opts":{}})");
    EXPECT_TRUE(parse_ws_template(whole));
    for (auto const* name : {"specifier", "history", "predictionConfigStack", "opts"}) {
        auto without = whole;
        without.erase(name);
        EXPECT_FALSE(parse_ws_template(without)) << name;
    }
    EXPECT_TRUE(parse_ws_upload(parsed(R"({"name":"a","contentBase64":""})")));
    EXPECT_FALSE(parse_ws_upload(parsed(R"({"name":"a"})")));
    EXPECT_EQ(parse_ws_search(parsed(R"({"opts":{"searchTerm":"a","limit":2}})"))->limit, 2U);
    EXPECT_FALSE(parse_ws_search(parsed(R"({"opts":{"limit":0}})")));
    EXPECT_FALSE(parse_ws_search(parsed("{}")));
}

TEST(ws_parameters, know_one_packet_for_each_channel) {
    auto const cancel = parsed(R"({"type":"cancel"})");
    auto const stop = parsed(R"({"type":"stop"})");
    EXPECT_TRUE(ends_ws_channel(cancel, ws_channel_kind::predict));
    EXPECT_FALSE(ends_ws_channel(stop, ws_channel_kind::predict));
    EXPECT_TRUE(ends_ws_channel(stop, ws_channel_kind::stream_logs));
    EXPECT_FALSE(ends_ws_channel(cancel, ws_channel_kind::stream_logs));
    for (auto const* text : {"null", "{}", R"("cancel")"})
        EXPECT_FALSE(ends_ws_channel(parsed(text), ws_channel_kind::load_model)) << text;
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
