#include "emulator/ws_message.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace secondwind::emulator;

namespace ws_message_test {

template<class Message>
Message parsed(std::string_view text) {
    auto const message = parse_ws_message(text);
    if (!message || !std::holds_alternative<Message>(*message)) {
        ADD_FAILURE() << "another message, or none: " << text;
        return {};
    }
    return std::get<Message>(*message);
}

TEST(ws_message, reads_credentials) {
    auto const credentials =
        parse_ws_credentials(R"({"authVersion":1,"clientIdentifier":"a","clientPasskey":"b"})");
    ASSERT_TRUE(credentials);
    EXPECT_EQ(credentials->identifier, "a");
    EXPECT_EQ(credentials->passkey, "b");
}

TEST(ws_message, takes_nothing_else_for_credentials) {
    for (auto const* text :
         {"", "{", "1", R"({"authVersion":2,"clientIdentifier":"a","clientPasskey":"b"})",
          R"({"clientIdentifier":"a","clientPasskey":"b"})",
          R"({"authVersion":1,"clientIdentifier":"a"})",
          R"({"authVersion":1,"clientIdentifier":1,"clientPasskey":"b"})"})
        EXPECT_FALSE(parse_ws_credentials(text)) << text;
}

TEST(ws_message, bounds_credentials_at_256_characters) {
    auto const with = [](std::size_t size) {
        return R"({"authVersion":1,"clientPasskey":"b","clientIdentifier":")" +
               std::string(size, 'a') + "\"}";
    };
    EXPECT_TRUE(parse_ws_credentials(with(256)));
    EXPECT_FALSE(parse_ws_credentials(with(257)));
}

TEST(ws_message, tells_a_parameter_of_null_from_none) {
    auto const none = parsed<ws_rpc_call>(R"({"type":"rpcCall","endpoint":"x","callId":7})");
    EXPECT_EQ(none.endpoint, "x");
    EXPECT_EQ(none.id, 7);
    EXPECT_FALSE(none.parameter);
    auto const null =
        parsed<ws_rpc_call>(R"({"type":"rpcCall","endpoint":"x","callId":7,"parameter":null})");
    ASSERT_TRUE(null.parameter);
    EXPECT_TRUE(null.parameter->is_null());
}

TEST(ws_message, reads_what_belongs_to_channels) {
    auto const create = parsed<ws_channel_create>(
        R"({"type":"channelCreate","endpoint":"x","channelId":2,"creationParameter":{"a":1}})");
    EXPECT_EQ(create.id, 2);
    EXPECT_EQ(create.parameter.value()["a"], 1);
    auto const sent =
        parsed<ws_channel_send>(R"({"type":"channelSend","channelId":2,"message":{"type":"y"}})");
    EXPECT_EQ(sent.packet["type"], "y");
    EXPECT_EQ(parsed<ws_channel_ack>(R"({"type":"channelAck","channelId":2,"ackId":0})").id, 2);
}

TEST(ws_message, reads_the_rest) {
    parsed<ws_keep_alive>(R"({"type":"keepAlive"})");
    parsed<ws_notice>(R"({"type":"communicationWarning","warning":"w"})");
    auto const subscribe = parsed<ws_subscribe>(
        R"({"type":"signalSubscribe","endpoint":"s","subscribeId":1,"creationParameter":{}})");
    EXPECT_EQ(subscribe.endpoint, "s");
    EXPECT_EQ(subscribe.type, "signalSubscribe");
}

TEST(ws_message, is_none_of_what_lm_studio_does_not_know) {
    for (auto const* text :
         {"", "[]", "{}", R"({"type":"hello"})", R"({"type":1})",
          R"({"type":"rpcCall","endpoint":"x"})", R"({"type":"rpcCall","callId":1})",
          R"({"type":"rpcCall","endpoint":"x","callId":"1"})",
          R"({"type":"rpcCall","endpoint":"x","callId":1.5})",
          R"({"type":"channelSend","message":{}})", R"({"type":"channelAck","channelId":1})"})
        EXPECT_FALSE(parse_ws_message(text)) << text;
}

TEST(ws_message, writes_what_the_server_says) {
    EXPECT_EQ(ws_admitted(), R"({"success":true})");
    EXPECT_EQ(ws_rejected("no"), R"({"success":false,"error":"no"})");
    EXPECT_EQ(ws_rpc_result(1, std::nullopt), R"({"type":"rpcResult","callId":1})");
    EXPECT_EQ(ws_rpc_result(1, json{}), R"({"type":"rpcResult","callId":1,"result":null})");
    EXPECT_EQ(ws_rpc_error(1, json{}), R"({"type":"rpcError","callId":1,"error":null})");
    EXPECT_EQ(ws_channel_packet(2, 3), R"({"type":"channelSend","channelId":2,"message":3})");
    EXPECT_EQ(ws_channel_close(2), R"({"type":"channelClose","channelId":2})");
    EXPECT_EQ(ws_channel_error(2, 3), R"({"type":"channelError","channelId":2,"error":3})");
    EXPECT_EQ(ws_warning("w", "k"), R"({"type":"communicationWarning","warning":"w","kind":"k"})");
    EXPECT_EQ(ws_keep_alive_ack(), R"({"type":"keepAliveAck"})");
}

TEST(ws_namespace, is_found_by_its_exact_path) {
    EXPECT_EQ(ws_namespace_of("/llm"), ws_namespace::llm);
    EXPECT_EQ(ws_namespace_of("/embedding?a=b"), ws_namespace::embedding);
    EXPECT_EQ(ws_namespace_of("/system"), ws_namespace::system);
    EXPECT_EQ(ws_namespace_of("/diagnostics"), ws_namespace::diagnostics);
    EXPECT_EQ(ws_namespace_of("/runtime"), ws_namespace::other);
    for (auto const* path : {"/", "/LLM", "/llm/", "/v1/chat/completions"})
        EXPECT_FALSE(ws_namespace_of(path)) << path;
}

TEST(ws_namespace, has_only_its_own_endpoints) {
    EXPECT_TRUE(find_ws_rpc(ws_namespace::embedding, "listLoaded"));
    EXPECT_FALSE(find_ws_rpc(ws_namespace::system, "listLoaded"));
    EXPECT_TRUE(find_ws_rpc(ws_namespace::system, "version"));
    EXPECT_FALSE(find_ws_rpc(ws_namespace::llm, "version"));
    EXPECT_FALSE(find_ws_rpc(ws_namespace::other, "listLoaded"));
    EXPECT_TRUE(find_ws_channel(ws_namespace::llm, "predict"));
    EXPECT_FALSE(find_ws_channel(ws_namespace::embedding, "predict"));
    EXPECT_TRUE(find_ws_channel(ws_namespace::embedding, "getOrLoad"));
    EXPECT_TRUE(find_ws_channel(ws_namespace::llm, "completeRawText"));
    EXPECT_TRUE(find_ws_channel(ws_namespace::diagnostics, "streamLogs"));
    EXPECT_FALSE(find_ws_channel(ws_namespace::llm, "streamLogs"));
    EXPECT_TRUE(find_ws_rpc(ws_namespace::embedding, "embedString"));
    EXPECT_FALSE(find_ws_rpc(ws_namespace::llm, "embedString"));
    EXPECT_TRUE(find_ws_rpc(ws_namespace::embedding, "countTokens"));
    EXPECT_FALSE(find_ws_rpc(ws_namespace::embedding, "applyPromptTemplate"));
    EXPECT_TRUE(find_ws_rpc(ws_namespace::files, "uploadFileBase64"));
    EXPECT_TRUE(find_ws_rpc(ws_namespace::repository, "searchModels"));
}

} // namespace ws_message_test
