#include <secondwind/lmstudio/sdk_prefix.hpp>

#include <support/seeded_random.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::lmstudio {
namespace sdk_prefixes {

using nlohmann::json;

sdk_prefix prefix(sdk_message type, std::optional<std::int64_t> id,
                  sdk_endpoint endpoint = sdk_endpoint::other,
                  sdk_packet packet = sdk_packet::other) {
    return {type, id, endpoint, packet};
}

TEST(sdk_prefix, reads_messages_as_clients_and_hosts_write_them) {
    std::vector<std::pair<std::string, sdk_prefix>> const messages{
        {R"({"type":"channelCreate","endpoint":"getOrLoad","channelId":0,"creationParameter":{)",
         prefix(sdk_message::channel_create, 0, sdk_endpoint::get_or_load)},
        {R"({"type":"channelCreate","channelId":7,"endpoint":"loadModel","creationParameter":{)",
         prefix(sdk_message::channel_create, 7, sdk_endpoint::load_model)},
        {R"({"type":"rpcCall","endpoint":"embedString","callId":12,"parameter":{"modelSpecifier":)",
         prefix(sdk_message::rpc_call, 12, sdk_endpoint::embed_string)},
        {R"({"type":"channelSend","channelId":3,"message":{"type":"cancel"}})",
         prefix(sdk_message::channel_send, 3, sdk_endpoint::other, sdk_packet::cancel)},
        {R"({"type":"channelSend","channelId":3,"message":{"type":"fragment","fragment":{"co)",
         prefix(sdk_message::channel_send, 3)},
        {R"({"type":"channelSend","channelId":-3,"message":{"type":"loadProgress","progress":0.)",
         prefix(sdk_message::channel_send, -3, sdk_endpoint::other, sdk_packet::load_progress)},
        {R"({"type":"channelClose","channelId":3})", prefix(sdk_message::channel_close, 3)},
        {R"({"type":"channelError","channelId":3,"error":{"title":")",
         prefix(sdk_message::channel_error, 3)},
        {R"({"type":"rpcResult","callId":0,"result":[)", prefix(sdk_message::rpc_result, 0)},
        {R"({"type":"rpcError","callId":1,"error":{)", prefix(sdk_message::rpc_error, 1)},
    };
    for (auto const& [text, right] : messages)
        EXPECT_EQ(read_sdk_prefix(text), right) << text;
}

TEST(sdk_prefix, does_not_take_one_thing_for_another) {
    for (auto const* text : {"", "{", "[]", "null", "7", "\"channelSend\"", R"({"success":true})",
                             R"({"type":"keepAlive"})", R"({"type":7,"channelId":1})",
                             R"({"type":{"type":"channelSend"},"channelId":1})",
                             R"({"message":{"type":"channelSend","channelId":1}})",
                             R"({"type":"communicationWarning","warning":"x"})",
                             R"({"type":"signalSubscribe","endpoint":"predict","subscribeId":1})"})
        EXPECT_EQ(read_sdk_prefix(text), sdk_prefix{}) << text;
    // A call's id is not a channel's, and an endpoint is of one kind.
    EXPECT_EQ(read_sdk_prefix(R"({"type":"channelClose","callId":1})"),
              prefix(sdk_message::channel_close, std::nullopt));
    EXPECT_EQ(read_sdk_prefix(R"({"type":"rpcCall","endpoint":"predict","callId":1})"),
              prefix(sdk_message::rpc_call, 1));
    EXPECT_EQ(read_sdk_prefix(R"({"type":"channelCreate","endpoint":"tokenize","channelId":1})"),
              prefix(sdk_message::channel_create, 1));
    EXPECT_EQ(read_sdk_prefix(R"({"type":"rpcCall","endpoint":"listLoaded","callId":1})"),
              prefix(sdk_message::rpc_call, 1));
    EXPECT_EQ(read_sdk_prefix(R"({"type":"rpcCall","endpoint":"other","callId":1})"),
              prefix(sdk_message::rpc_call, 1));
}

TEST(sdk_prefix, tells_the_calls_about_handles) {
    auto const call = [](std::string const& endpoint) {
        return read_sdk_prefix(R"({"type":"rpcCall","endpoint":")" + endpoint + R"(","callId":1})")
            .endpoint;
    };
    EXPECT_EQ(call("unloadModel"), sdk_endpoint::unload_model);
    for (auto const* name : {"getModelInfo", "getLoadConfig", "getBasePredictionConfig",
                             "getInstanceProcessingState", "preloadDraftModel"}) {
        EXPECT_EQ(call(name), sdk_endpoint::reads_handle) << name;
        EXPECT_FALSE(uses_model(call(name)));
    }
    EXPECT_TRUE(uses_model(call("tokenize")));
    EXPECT_FALSE(uses_model(call("other")));
}

TEST(sdk_prefix, has_no_id_that_is_not_exact) {
    for (auto const* id : {"9007199254740993", "-9007199254740993", "1.5", "1e3", "1.0", "\"1\"",
                           "null", "true", "[1]", "99999999999999999999", "01x", ""}) {
        auto const text = R"({"type":"channelClose","channelId":)" + std::string{id} + "}";
        EXPECT_EQ(read_sdk_prefix(text).id, std::nullopt) << text;
        auto const usual = R"({"type":"channelSend","channelId":)" + std::string{id} +
                           R"(,"message":{"type":"fragment"}})";
        EXPECT_EQ(read_sdk_prefix(usual).id, std::nullopt) << usual;
    }
    for (std::int64_t const id : {std::int64_t{1} << 53, -(std::int64_t{1} << 53)})
        EXPECT_EQ(
            read_sdk_prefix(R"({"type":"channelClose","channelId":)" + std::to_string(id) + "}").id,
            id);
}

TEST(sdk_prefix, needs_its_members_whole) {
    std::string const text = R"({"type":"channelSend","channelId":31,"message":{"type":"cancel"}})";
    auto const whole = read_sdk_prefix(text);
    for (std::size_t size = 0; size < text.size(); ++size) {
        auto const cut = read_sdk_prefix(text.substr(0, size));
        EXPECT_TRUE(cut.type == sdk_message::other || cut.type == whole.type) << size;
        EXPECT_TRUE(!cut.id || cut.id == whole.id) << size;
        EXPECT_TRUE(cut.packet == sdk_packet::other || cut.packet == whole.packet) << size;
    }
}

// The same by a full parser.
sdk_prefix expected(json const& message) {
    static std::map<std::string, sdk_message> const types{
        {"channelCreate", sdk_message::channel_create},
        {"channelSend", sdk_message::channel_send},
        {"channelClose", sdk_message::channel_close},
        {"channelError", sdk_message::channel_error},
        {"rpcCall", sdk_message::rpc_call},
        {"rpcResult", sdk_message::rpc_result},
        {"rpcError", sdk_message::rpc_error}};
    static std::map<std::string, sdk_packet> const packets{
        {"cancel", sdk_packet::cancel},
        {"startLoading", sdk_packet::start_loading},
        {"promptProcessingProgress", sdk_packet::prompt_progress}};
    sdk_prefix right;
    auto const type = types.find(message["type"].get<std::string>());
    if (type == types.end())
        return right;
    right.type = type->second;
    bool const call = type->first.starts_with("rpc");
    auto const id = message.find(call ? "callId" : "channelId");
    if (id != message.end() && id->is_number_integer())
        right.id = id->get<std::int64_t>();
    if (right.type == sdk_message::channel_create && message["endpoint"] == "predict")
        right.endpoint = sdk_endpoint::predict;
    if (right.type == sdk_message::rpc_call && message["endpoint"] == "tokenize")
        right.endpoint = sdk_endpoint::tokenize;
    if (right.type == sdk_message::channel_send && message["message"].is_object() &&
        message["message"].contains("type") && message["message"]["type"].is_string())
        if (auto const found = packets.find(message["message"]["type"]); found != packets.end())
            right.packet = found->second;
    return right;
}

std::string escaped(std::string const& text, test::seeded_random& random) {
    std::string out = "\"";
    for (char const c : text) {
        if (random.chance(10)) {
            constexpr std::string_view digits = "0123456789abcdef";
            out += "\\u00";
            out += digits[static_cast<unsigned char>(c) / 16];
            out += digits[static_cast<unsigned char>(c) % 16];
        } else {
            out += c;
        }
    }
    return out + '"';
}

TEST(sdk_prefix, agrees_with_a_full_parser_on_shuffled_members) {
    test::seeded_random random{1};
    for (int round = 0; round < 20'000; ++round) {
        std::string const type = random.one_of<std::string>(
            {"channelCreate", "channelSend", "channelClose", "channelError", "rpcCall", "rpcResult",
             "rpcError", "keepAlive"});
        std::vector<std::pair<std::string, std::string>> members{
            {"type", escaped(type, random)},
            {random.chance(80) ? "channelId" : "callId", std::to_string(random.number(-50, 5000))},
            {"callId2", "9"},
            {"endpoint", escaped(random.one_of<std::string>({"predict", "tokenize", "x"}), random)},
            {"message",
             random.one_of<std::string>(
                 {R"({"type":"cancel"})", R"({"a":{"type":"x"},"type" : "startLoading"})",
                  R"({"type":"promptProcessingProgress","progress":0.5})", R"({"type":7})", "{}",
                  R"(["type","cancel"])", R"("{\"type\":\"cancel\"}")", "null"})},
            {"text", R"("{\"type\":\"channelClose\",\"channelId\":1}\\")"},
            {"list", R"([{"type":"rpcCall","callId":5},[]])"}};
        if (random.chance(30))
            members.emplace_back("rpcId", "1");
        random.shuffle(members);
        std::string text = random.chance(20) ? " {" : "{";
        for (auto const& [name, value] : members) {
            if (text.back() != '{')
                text += ',';
            text += (random.chance(20) ? "\n\t" : "") + escaped(name, random) +
                    (random.chance(20) ? " : " : ":") + value;
        }
        text += '}';
        auto const message = json::parse(text);
        ASSERT_EQ(read_sdk_prefix(text), expected(message)) << text;
    }
}

TEST(sdk_prefix, knows_which_packets_come_before_an_outcome) {
    using enum sdk_packet;
    std::map<sdk_endpoint, std::vector<sdk_packet>> const opening{
        {sdk_endpoint::get_or_load, {start_loading, unloading_other, load_progress}},
        {sdk_endpoint::load_model, {resolved, progress}},
        {sdk_endpoint::predict, {prompt_progress}},
        {sdk_endpoint::complete_raw_text, {prompt_progress}}};
    for (std::size_t e = 0; e < sdk_endpoints; ++e) {
        auto const endpoint = static_cast<sdk_endpoint>(e);
        auto const found = opening.find(endpoint);
        for (auto const p : {sdk_packet::other, cancel, start_loading, unloading_other,
                             load_progress, resolved, progress, prompt_progress}) {
            bool const right = found != opening.end() &&
                               std::ranges::find(found->second, p) != found->second.end();
            EXPECT_EQ(is_opening(endpoint, p), right) << to_string(endpoint);
        }
    }
}

} // namespace sdk_prefixes
} // namespace secondwind::lmstudio
