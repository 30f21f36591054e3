#include <secondwind/lmstudio/ws_codec.hpp>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

#include <cstddef>

namespace secondwind::lmstudio {
namespace {

using lmstudio::activity;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

constexpr char const* sample = R"({"type":"rpcResult","callId":0,"result":[{"type":"llm",
    "modelKey":"qwen3-8b","sizeBytes":5027783488,"identifier":"mine","ttlMs":3600000,
    "instanceReference":"mmVGcSTlX6QYmWmVvCHJxgvD","lastUsedTime":1789742286000}]})";

std::string result(std::string const& what) {
    return R"({"type":"rpcResult","callId":0,"result":)" + what + "}";
}

std::string rpc_error(std::string const& what) {
    return R"({"type":"rpcError","callId":0,"error":)" + what + "}";
}

TEST(credentials, are_the_halves_of_a_token) {
    credentials const halves{"Abcd1234", "0123456789abcdefGHIJ"};
    for (auto const* text : {"Bearer sk-lm-Abcd1234:0123456789abcdefGHIJ",
                             "bearer sk-lm-Abcd1234:0123456789abcdefGHIJ",
                             "BEARER   sk-lm-Abcd1234:0123456789abcdefGHIJ"})
        EXPECT_EQ(credentials_of(text, {}), halves) << text;
}

TEST(credentials, are_a_guests_for_everything_else) {
    credentials const guest{"guest:1", "2"};
    for (auto const* text :
         {"", "Bearer", "Bearer ", "Bearer lm-studio", "sk-lm-Abcd1234:0123456789abcdefGHIJ",
          "Basic sk-lm-Abcd1234:0123456789abcdefGHIJ", "Bearer sk-lm-",
          "Bearer sk-lm-Abcd123:0123456789abcdefGHIJ",
          "Bearer sk-lm-Abcd12345:0123456789abcdefGHIJ",
          "Bearer sk-lm-Abcd1234:0123456789abcdefGHI",
          "Bearer sk-lm-Abcd1234:0123456789abcdefGHIJK",
          "Bearer sk-lm-Abcd1234 0123456789abcdefGHIJ",
          "Bearer sk-lm-Abcd-234:0123456789abcdefGHIJ",
          "Bearer sk-lm-Abcd1234:0123456789abcdefGH\"J",
          "Bearer sk-lm-Abcd1234:0123456789abcdefGHIJ ",
          "Bearer SK-LM-Abcd1234:0123456789abcdefGHIJ"})
        EXPECT_EQ(credentials_of(text, guest), guest) << text;
}

TEST(auth_message, has_the_version_and_both_halves) {
    EXPECT_EQ(
        nlohmann::json::parse(auth_message({"a\"", "b"})),
        nlohmann::json::parse(R"({"authVersion":1,"clientIdentifier":"a\"","clientPasskey":"b"})"));
}

TEST(parse_admission, tells_yes_from_no_from_neither) {
    EXPECT_EQ(parse_admission(R"({"success":true})"), admission::admitted);
    EXPECT_EQ(parse_admission(R"({"success":false,"error":"x"})"), admission::rejected);
    for (auto const* text : {"", "{", "[]", "null", "{}", R"({"success":"true"})",
                             R"({"success":1})", R"({"type":"keepAliveAck"})", R"("success")"})
        EXPECT_EQ(parse_admission(text), admission::neither) << text;
}

TEST(rpc_call, leaves_out_a_parameter_that_there_is_not) {
    EXPECT_EQ(rpc_call("listLoaded", 3),
              R"({"type":"rpcCall","endpoint":"listLoaded","callId":3})");
    EXPECT_EQ(rpc_call("unloadModel", 0, unload_parameter("a\"b")),
              R"({"type":"rpcCall","endpoint":"unloadModel","callId":0,)"
              R"("parameter":{"identifier":"a\"b"}})");
}

TEST(parse_reply, knows_the_answer_to_the_call_that_is_pending) {
    EXPECT_EQ(parse_reply(result("[]"), 0), reply::result);
    EXPECT_EQ(parse_reply(R"({"type":"rpcResult","callId":0})", 0), reply::result);
    EXPECT_EQ(parse_reply(rpc_error("{}"), 0), reply::error);
    EXPECT_EQ(parse_reply(R"({"type":"communicationWarning","warning":"x"})", 0), reply::warning);
    EXPECT_EQ(parse_reply(R"({"type":"communicationWarning","callId":0})", 0), reply::warning);
}

TEST(parse_reply, passes_over_everything_else) {
    for (auto const* text :
         {"", "{", "7", "[]", "{}", R"({"type":"keepAliveAck"})", R"({"type":"rpcResult"})",
          R"({"type":"rpcResult","callId":1})", R"({"type":"rpcResult","callId":"0"})",
          R"({"type":"rpcResult","callId":0.0})", R"({"type":"rpcError","callId":1,"error":{}})",
          R"({"type":"channelSend","callId":0})", R"({"type":7,"callId":0})",
          R"({"type":"communicationWarning","callId":1})"})
        EXPECT_EQ(parse_reply(text, 0), reply::other) << text;
}

TEST(parse_list_loaded, reads_what_newer_hosts_tell) {
    EXPECT_THAT(parse_list_loaded(sample),
                Optional(ElementsAre(listed_instance{{"mine", "qwen3-8b", 5027783488, 1789742286000,
                                                      activity::unknown, model_kind::llm, true},
                                                     "mmVGcSTlX6QYmWmVvCHJxgvD",
                                                     3'600'000})));
}

TEST(parse_list_loaded, reads_what_tells_instances_apart) {
    auto const found = parse_list_loaded(result(R"([
        {"identifier":"a","type":"embedding","ttlMs":null,"deviceIdentifier":null},
        {"identifier":"b","type":"vlm","ttlMs":0,"deviceIdentifier":"desk"},
        {"identifier":"c","type":7,"ttlMs":"1","deviceIdentifier":7,"modelKey":"k",
         "variants":["k","k@q4"],"selectedVariant":"k@q8"}])"));
    ASSERT_TRUE(found);
    instance a{"a", "a", 0, 0, activity::unknown, model_kind::embedding};
    instance b{"b", "b", 0, 0, activity::unknown, model_kind::llm, true, "desk"};
    instance c{"c", "k", 0, 0, activity::unknown, model_kind::unknown, false, "", {"k@q4", "k@q8"}};
    EXPECT_THAT(found, Optional(ElementsAre(listed_instance{a, ""}, listed_instance{b, ""},
                                            listed_instance{c, ""})));
}

TEST(channel_messages, are_those_of_the_sdk) {
    EXPECT_EQ(channel_create("loadModel", 3, R"({"a":1})"),
              R"({"type":"channelCreate","endpoint":"loadModel","channelId":3,)"
              R"("creationParameter":{"a":1}})");
    EXPECT_EQ(channel_cancel(3),
              R"({"type":"channelSend","channelId":3,"message":{"type":"cancel"}})");
}

TEST(parse_channel_reply, tells_what_a_message_is_to_the_channel) {
    EXPECT_EQ(parse_channel_reply(R"({"type":"channelSend","channelId":3,"message":{}})", 3),
              channel_reply::packet);
    EXPECT_EQ(parse_channel_reply(R"({"type":"channelClose","channelId":3})", 3),
              channel_reply::closed);
    EXPECT_EQ(parse_channel_reply(R"({"type":"channelError","channelId":3,"error":{}})", 3),
              channel_reply::error);
    EXPECT_EQ(parse_channel_reply(R"({"type":"communicationWarning","warning":"x"})", 3),
              channel_reply::warning);
    for (auto const* text :
         {"", "{", "7", R"({"type":"channelSend","channelId":4,"message":{}})",
          R"({"type":"channelClose"})", R"({"type":"channelClose","channelId":"3"})",
          R"({"type":"rpcResult","callId":3})", R"({"type":"channelAck","channelId":3,"ackId":0})"})
        EXPECT_EQ(parse_channel_reply(text, 3), channel_reply::other) << text;
}

TEST(parse_loaded, reads_the_instance_of_the_last_packet) {
    std::string const packet =
        R"({"type":"channelSend","channelId":0,"message":{"type":"success","info":)"
        R"({"identifier":"a","modelKey":"k","instanceReference":"r","ttlMs":5}}})";
    EXPECT_EQ(packet_type(packet), "success");
    auto const loaded = parse_loaded(packet);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->instance.id, "a");
    EXPECT_EQ(loaded->instance.model, "k");
    EXPECT_EQ(loaded->reference, "r");
    EXPECT_EQ(loaded->ttl_ms, 5);
    for (auto const* text : {"", R"({"type":"channelSend","message":7})",
                             R"({"type":"channelSend","message":{"info":{}}})",
                             R"({"type":"rpcResult","message":{"info":{"identifier":"a"}}})"})
        EXPECT_FALSE(parse_loaded(text)) << text;
}

TEST(error_title, reads_that_of_a_channel_too) {
    EXPECT_EQ(error_title(R"({"type":"channelError","channelId":0,"error":{"title":"no"}})"), "no");
}

TEST(parse_list_loaded, requires_only_the_identifier) {
    EXPECT_THAT(parse_list_loaded(result(R"([{"identifier":"a"},
        {"identifier":"b","modelKey":null,"sizeBytes":-1,"lastUsedTime":null,
         "instanceReference":7},
        {"identifier":"c","sizeBytes":1.5,"lastUsedTime":18446744073709551615}])")),
                Optional(ElementsAre(listed_instance{{"a", "a", 0, 0, activity::unknown}, ""},
                                     listed_instance{{"b", "b", 0, 0, activity::unknown}, ""},
                                     listed_instance{{"c", "c", 0, 0, activity::unknown}, ""})));
}

TEST(parse_list_loaded, skips_single_odd_entries_but_not_all) {
    EXPECT_THAT(parse_list_loaded(result("[]")), Optional(IsEmpty()));
    EXPECT_EQ(parse_list_loaded(result(R"([7,{"identifier":""},{},{"identifier":"a"}])"))->size(),
              1u);
    for (auto const* text : {"[7]", "[{}]", "[[]]", "{}", "null", "7", R"([{"identifier":""}])"})
        EXPECT_EQ(parse_list_loaded(result(text)), std::nullopt) << text;
}

TEST(parse_list_loaded, refuses_every_other_message) {
    for (auto const* text : {"", "{", "[]", "{}", R"({"type":"rpcResult","callId":0})",
                             R"({"type":"rpcError","callId":0,"result":[]})"})
        EXPECT_EQ(parse_list_loaded(text), std::nullopt) << text;
    std::string_view const whole = sample;
    for (std::size_t i = 0; i < whole.size(); ++i)
        EXPECT_EQ(parse_list_loaded(whole.substr(0, i)), std::nullopt) << i;
}

TEST(parse_list_downloaded, reads_keys_and_sizes) {
    EXPECT_THAT(parse_list_downloaded(result(R"([{"modelKey":"a","sizeBytes":5},{"path":"x"},
        {"modelKey":"b"}])")),
                Optional(ElementsAre(model_on_disk{"a", 5}, model_on_disk{"b", 0})));
    EXPECT_EQ(parse_list_downloaded(result(R"([{"path":"x"}])")), std::nullopt);
    EXPECT_EQ(parse_list_downloaded(rpc_error("[]")), std::nullopt);
}

TEST(parse_list_downloaded, reads_kinds_and_variants) {
    EXPECT_THAT(parse_list_downloaded(result(R"([
        {"modelKey":"a","type":"llm","variants":["a@q4",{"modelKey":"a@q8"}]},
        {"modelKey":"b","type":"embedding","selectedVariant":"b@f16"}])")),
                Optional(ElementsAre(model_on_disk{"a", 0, model_kind::llm, {"a@q4", "a@q8"}},
                                     model_on_disk{"b", 0, model_kind::embedding, {"b@f16"}})));
}

TEST(state_parameter, names_an_instance_by_its_reference_if_it_has_one) {
    EXPECT_EQ(nlohmann::json::parse(state_parameter("a", "r")), nlohmann::json::parse(R"({
        "specifier":{"type":"instanceReference","instanceReference":"r"},"throwIfNotFound":true})"));
    EXPECT_EQ(nlohmann::json::parse(state_parameter("a", "")), nlohmann::json::parse(R"({
        "specifier":{"type":"query","query":{"identifier":"a"}},"throwIfNotFound":true})"));
}

TEST(parse_processing_state, tells_idle_from_busy_from_unknown) {
    EXPECT_EQ(parse_processing_state(result(R"({"status":"idle","queued":0})")), activity::idle);
    EXPECT_EQ(parse_processing_state(result(R"({"status":"idle"})")), activity::idle);
    for (auto const* state :
         {R"({"status":"processingPrompt","queued":0})", R"({"status":"generating"})",
          R"({"status":"computingEmbedding","queued":0})", R"({"status":"idle","queued":1})",
          R"({"status":"new","queued":2})", R"({"queued":1})"})
        EXPECT_EQ(parse_processing_state(result(state)), activity::busy) << state;
    for (auto const* state : {"{}", "null", "[]", R"("idle")", R"({"status":"new","queued":0})",
                              R"({"status":7})", R"({"queued":-1})", R"({"queued":"1"})"})
        EXPECT_EQ(parse_processing_state(result(state)), activity::unknown) << state;
    for (auto const* text : {"", "{", "[]", R"({"type":"rpcResult","callId":0})",
                             R"({"type":"rpcError","result":{"status":"idle"}})"})
        EXPECT_EQ(parse_processing_state(text), activity::unknown) << text;
}

TEST(parse_version, reads_that_of_a_result) {
    EXPECT_EQ(parse_version(result(R"({"version":"0.4.5","build":1})")), "0.4.5");
    EXPECT_EQ(parse_version(result(R"({"version":"0.4.5 beta~1"})")), "0.4.5 beta~1");
    auto const longest = std::string(64, '9');
    EXPECT_EQ(parse_version(result(R"({"version":")" + longest + R"("})")), longest);
}

TEST(parse_version, takes_nothing_odd_for_one) {
    auto const too_long = R"({"version":")" + std::string(65, '9') + R"("})";
    for (auto const& what :
         {std::string{"{}"}, std::string{"null"}, std::string{R"("0.4.5")"}, std::string{"[]"},
          std::string{R"({"version":""})"}, std::string{R"({"version":4})"},
          std::string{R"({"version":null})"}, std::string{R"({"version":"0.4\n"})"},
          std::string{R"({"version":"0.4\u00e9"})"}, too_long})
        EXPECT_EQ(parse_version(result(what)), std::nullopt) << what;
    for (auto const& text : {rpc_error(R"({"version":"0.4.5"})"), std::string{"{"}, std::string{},
                             std::string{R"({"type":"rpcResult","callId":0})"},
                             std::string{R"({"type":"x","result":{"version":"0.4.5"}})"}})
        EXPECT_EQ(parse_version(text), std::nullopt) << text;
}

TEST(parse_unload_reply, counts_any_result_as_done) {
    EXPECT_EQ(parse_unload_reply(R"({"type":"rpcResult","callId":1})"), unload_result::unloaded);
    EXPECT_EQ(parse_unload_reply(result("null")), unload_result::unloaded);
}

TEST(parse_unload_reply, knows_an_instance_that_is_gone_already) {
    for (auto const* what :
         {R"({"title":"x","displayData":{"code":"generic.noModelMatchingQuery"}})",
          R"({"displayData":{"code":"noModelMatchingQuery"}})",
          R"({"displayData":{"code":"generic.identifierNotFound"}})",
          R"({"displayData":{"code":"identifierNotFound"}})",
          R"({"displayData":{"code":"generic.specificModelUnloaded"}})",
          R"({"title":"No model found that fits the query"})",
          R"({"title":"x","rootTitle":"No model found that fits the query"})"})
        EXPECT_EQ(parse_unload_reply(rpc_error(what)), unload_result::not_found) << what;
}

TEST(parse_unload_reply, does_not_take_a_refusal_for_it) {
    for (auto const* what :
         {"{}", "null", "[]", R"("No model found that fits the query")", R"({"title":"Not today"})",
          R"({"displayData":{"code":"generic.pathNotFound"}})", R"({"displayData":{"code":7}})",
          R"({"displayData":"generic.noModelMatchingQuery"})"})
        EXPECT_EQ(parse_unload_reply(rpc_error(what)), unload_result::refused) << what;
    for (auto const* text :
         {"", "{", "[]", "{}", R"({"type":"rpcError","callId":0})",
          R"({"type":"x","error":{"title":"No model found that fits the query"}})"})
        EXPECT_EQ(parse_unload_reply(text), unload_result::refused) << text;
}

TEST(tells_not_loaded, is_said_of_a_handle_or_a_query_by_an_error) {
    EXPECT_TRUE(tells_not_loaded(R"({"type":"channelError","channelId":1,"error":{"title":"x",)"
                                 R"("displayData":{"code":"generic.specificModelUnloaded"}}})"));
    EXPECT_TRUE(tells_not_loaded(rpc_error(R"({"title":"No model found that fits the query"})")));
    for (auto const& text : {rpc_error(R"({"title":"Not today"})"), rpc_error("7"),
                             result(R"({"title":"No model found that fits the query"})"),
                             std::string{"[]"}, std::string{}})
        EXPECT_FALSE(tells_not_loaded(text)) << text;
}

TEST(error_title, is_that_of_an_error) {
    EXPECT_EQ(error_title(rpc_error(R"({"title":"Not today"})")), "Not today");
    for (auto const& text : {rpc_error("{}"), rpc_error("[]"), rpc_error(R"({"title":7})"),
                             result(R"({"title":"x"})"), std::string{"{"}})
        EXPECT_EQ(error_title(text), "") << text;
}

TEST(ws_codec, survives_text_that_is_not_utf_8) {
    for (auto const& text :
         {auth_message({"\xFF", "\xFE"}), unload_parameter("\xFF"), state_parameter("\xFF", ""),
          state_parameter("", "\xFF"), rpc_call("\xFF", 1)})
        EXPECT_TRUE(nlohmann::json::accept(text)) << text;
}

TEST(ws_codec, survives_nesting_as_deep_as_the_text_is_long) {
    std::string bomb;
    for (int i = 0; i < 50'000; ++i)
        bomb += "[";
    auto const closed = result(bomb + std::string(50'000, ']'));
    for (auto const& text : {bomb, closed}) {
        EXPECT_EQ(parse_admission(text), admission::neither);
        EXPECT_EQ(parse_list_loaded(text), std::nullopt);
        EXPECT_EQ(parse_processing_state(text), activity::unknown);
        EXPECT_EQ(parse_version(text), std::nullopt);
    }
}

} // namespace
} // namespace secondwind::lmstudio
