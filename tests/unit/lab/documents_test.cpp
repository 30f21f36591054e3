#include <lab/documents.hpp>
#include <lab/model_choice.hpp>

#include <gmock/gmock.h>

#include <cmath>
#include <string>
#include <vector>

using namespace secondwind::lab;
using secondwind::registry::model_type;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

std::string listing_of(std::string const& members) {
    return R"({"models":[{"key":"qwen/qwen3-8b","type":"llm")" + members + "}]}";
}

listed_model only(std::string const& json) {
    auto const read = parse_listing(json);
    EXPECT_TRUE(read && read->models.size() == 1) << json;
    return read->models.front();
}

chat_answer chat_of(std::vector<std::string> const& pieces) {
    chat_answer answer;
    chat_reader reader{answer};
    for (auto const& each : pieces)
        reader.push(each);
    reader.finish();
    return answer;
}

std::string const whole_chat =
    "event: chat.start\ndata: {\"type\":\"chat.start\",\"model_instance_id\":\"a:2\"}\n\n"
    "event: prompt_processing.progress\n"
    "data: {\"type\":\"prompt_processing.progress\",\"progress\":1.0}\n\n"
    "event: reasoning.delta\ndata: {\"type\":\"reasoning.delta\",\"content\":\"hm \"}\n\n"
    "event: message.delta\ndata: {\"type\":\"message.delta\",\"content\":\"123456\"}\n\n"
    "event: chat.end\ndata: {\"type\":\"chat.end\",\"result\":{\"model_instance_id\":\"a:2\","
    "\"stats\":{\"input_tokens\":129,\"total_output_tokens\":64,\"tokens_per_second\":41.5,"
    "\"time_to_first_token_seconds\":0.25}}}\n\n";

} // namespace

TEST(listings, have_what_the_lab_needs_of_a_model) {
    auto const one = only(listing_of(
        R"(,"size_bytes":5030000000,"max_context_length":131072,"selected_variant":"q@q4",)"
        R"("quantization":{"name":"Q4_K_M","bits_per_weight":4},"publisher":"qwen","format":"gguf",)"
        R"("params_string":"8B","display_name":"Qwen3 8B","architecture":"qwen3",)"
        R"("capabilities":{"vision":false,"trained_for_tool_use":true,)"
        R"("reasoning":{"allowed_options":["on","off"]}},)"
        R"("loaded_instances":[{"id":"x","config":{"context_length":4096,"parallel":4}},{"id":""}])"));
    EXPECT_EQ(one.facts.type, model_type::llm);
    EXPECT_EQ(one.facts.size, 5'030'000'000);
    EXPECT_EQ(one.facts.max_context, 131'072);
    EXPECT_EQ(one.facts.variant, "q@q4");
    EXPECT_EQ(one.facts.quantization, "Q4_K_M");
    EXPECT_THAT(one.facts.facts, HasSubstr(R"("tools":true)"));
    EXPECT_THAT(one.facts.facts, HasSubstr(R"("params":"8B")"));
    EXPECT_THAT(one.reasoning, ElementsAre("on", "off"));
    ASSERT_EQ(one.loaded.size(), 1U);
    EXPECT_EQ(one.loaded.front().context, 4096);
    EXPECT_EQ(one.loaded.front().parallel, 4U);
    EXPECT_FALSE(one.loaded.front().just_in_time);
}

TEST(listings, keep_a_model_whose_numbers_cannot_be_with_a_complaint) {
    auto const one = only(listing_of(R"(,"size_bytes":-1,"max_context_length":20000000)"));
    EXPECT_EQ(one.facts.size, std::nullopt);
    EXPECT_EQ(one.facts.max_context, std::nullopt);
    EXPECT_THAT(one.facts.complaint, HasSubstr("max_context_length 20000000"));
    EXPECT_THAT(one.facts.complaint, HasSubstr("size_bytes"));
    EXPECT_THAT(only(listing_of(R"(,"max_context_length":"many")")).facts.complaint,
                HasSubstr("not a number"));
    EXPECT_THAT(only(listing_of(R"(,"max_context_length":null)")).facts.complaint, IsEmpty());
}

TEST(listings, skip_odd_entries_and_refuse_other_documents) {
    auto const read =
        parse_listing(R"({"models":[3,{"key":"a"},{"key":"b","type":"llm"},{"type":"llm"},)"
                      R"({"key":"c","type":"tts"}]})");
    ASSERT_TRUE(read);
    ASSERT_EQ(read->models.size(), 1U);
    EXPECT_EQ(read->models.front().facts.key, "b");
    EXPECT_EQ(read->left_out, 4U);
    for (auto const* other : {"", "[]", "{}", R"({"models":{}})", R"({"models":[3]})",
                              R"({"error":"Unexpected endpoint or method."})"})
        EXPECT_FALSE(parse_listing(other)) << other;
    EXPECT_TRUE(parse_listing(R"({"models":[]})"));
    auto const none_kept = parse_listing(R"({"models":[{"key":"c","type":"tts"}]})");
    EXPECT_TRUE(none_kept && none_kept->models.empty() && none_kept->left_out == 1);
}

TEST(listings, say_why_there_is_none) {
    EXPECT_THAT(describe_no_listing(200, R"({"error":"Unexpected endpoint or method."})"),
                HasSubstr("before 0.4.0"));
    EXPECT_THAT(describe_no_listing(401, R"({"error":{"message":"no token"}})"),
                HasSubstr("(no token): set api_token"));
    EXPECT_EQ(describe_no_listing(500, R"({"error":{"message":"later"}})"), "later");
    EXPECT_THAT(describe_no_listing(502, "<html>"), HasSubstr("status 502"));
}

TEST(loads, ask_for_what_was_chosen) {
    EXPECT_EQ(load_body({"a", {}, {}, {}}), R"({"echo_load_config":true,"model":"a"})");
    EXPECT_EQ(load_body({"a", 8192, true, false}),
              R"({"context_length":8192,"echo_load_config":true,"flash_attention":true,)"
              R"("model":"a","offload_kv_cache_to_gpu":false})");
    // An instance that is loaded again.
    EXPECT_EQ(load_body({"a", {}, {}, {}, R"({"context_length":4096,"model":"b"})"}),
              R"({"context_length":4096,"echo_load_config":true,"model":"a"})");
}

TEST(loads, are_read_by_their_body_whatever_the_status) {
    load_answer good;
    good.status = 200;
    read_load(good, R"({"instance_id":"a:2","load_time_seconds":9.1,)"
                    R"("load_config":{"context_length":4096}})");
    EXPECT_EQ(good.error, "");
    EXPECT_EQ(good.instance, "a:2");
    EXPECT_EQ(good.context, 4096);
    EXPECT_DOUBLE_EQ(good.seconds, 9.1);

    load_answer refused;
    refused.status = 200;
    read_load(refused, R"({"error":{"type":"model_load_failed","message":"no memory"}})");
    EXPECT_EQ(refused.error, "no memory");
    EXPECT_EQ(refused.instance, "");

    load_answer odd;
    odd.status = 500;
    read_load(odd, "<html>");
    EXPECT_THAT(odd.error, HasSubstr("status 500"));
}

TEST(chats, are_read_however_they_are_cut) {
    auto const whole = chat_of({whole_chat});
    EXPECT_TRUE(whole.complete);
    EXPECT_EQ(whole.error, "");
    EXPECT_EQ(whole.instance, "a:2");
    EXPECT_EQ(whole.text, "hm 123456");
    EXPECT_EQ(whole.input_tokens, 129);
    EXPECT_EQ(whole.output_tokens, 64);
    EXPECT_EQ(whole.tps, 41.5);
    EXPECT_EQ(whole.ttft, 0.25);
    for (std::size_t at = 1; at < whole_chat.size(); ++at) {
        auto const cut = chat_of({whole_chat.substr(0, at), whole_chat.substr(at)});
        ASSERT_EQ(cut.text, whole.text) << at;
        ASSERT_EQ(cut.input_tokens, whole.input_tokens) << at;
    }
}

TEST(chats, tell_an_error_in_the_stream_and_outside_of_it) {
    auto const inside = chat_of({"event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":"
                                 "\"The model has crashed\"}}\n\n"});
    EXPECT_FALSE(inside.complete);
    EXPECT_EQ(inside.error, "The model has crashed");
    auto const outside = chat_of({R"({"error":{"message":)", R"("Model unloaded."}})"});
    EXPECT_FALSE(outside.complete);
    EXPECT_EQ(outside.error, "Model unloaded.");
    EXPECT_FALSE(chat_of({whole_chat.substr(0, 300)}).complete);
}

TEST(chats, ask_for_no_more_than_they_need) {
    EXPECT_EQ(chat_body({"a:2", "Hi", "", 64}),
              R"({"input":"Hi","max_output_tokens":64,"model":"a:2","store":false,"stream":true,)"
              R"("temperature":0})");
    EXPECT_THAT(chat_body({"a", "Hi", "off", 64}), HasSubstr(R"("reasoning":"off")"));
}

TEST(embeddings, are_numbers) {
    embedding_answer good;
    read_embedding(good, R"({"data":[{"embedding":[0.5,-1,null]}]})");
    EXPECT_EQ(good.error, "");
    ASSERT_EQ(good.vector.size(), 3U);
    EXPECT_TRUE(std::isnan(good.vector[2]));
    embedding_answer bad;
    read_embedding(bad, R"({"error":"No models loaded."})");
    EXPECT_EQ(bad.error, "No models loaded.");
}

TEST(estimates, are_what_the_sdk_answers) {
    EXPECT_EQ(estimate_parameter({"a", 8192, {}, {}}),
              R"({"loadConfigStack":{"layers":[{"config":{"fields":[)"
              R"({"key":"llm.load.contextLength","value":8192}]},"layerName":"apiOverride"}]},)"
              R"("modelKey":"a"})");
    auto const found = parse_estimate(
        R"({"type":"rpcResult","callId":1,"result":{"memory":{"totalBytes":23000000000,)"
        R"("confidence":"low"},"passesGuardrails":false}})");
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->passes);
    EXPECT_TRUE(found->low_confidence);
    EXPECT_EQ(found->memory, 23'000'000'000);
    EXPECT_FALSE(parse_estimate(R"({"type":"rpcError","callId":1,"error":{"title":"no"}})"));
}

TEST(model_names, mean_an_exact_key_before_a_part_of_one) {
    std::vector<std::string> const keys{"a/qwen3", "a/qwen3-8b", "b/gemma"};
    EXPECT_EQ(match_key("a/qwen3", keys).key, "a/qwen3");
    EXPECT_EQ(match_key("gemma", keys).key, "b/gemma");
    EXPECT_THAT(match_key("qwen", keys).problem, HasSubstr("\"a/qwen3\", \"a/qwen3-8b\""));
    EXPECT_THAT(match_key("llama", keys).problem, HasSubstr("no model is called \"llama\""));
    EXPECT_THAT(match_key("", keys).problem, HasSubstr("no model"));
}
