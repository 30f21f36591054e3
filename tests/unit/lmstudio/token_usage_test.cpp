#include <secondwind/lmstudio/token_usage.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace secondwind::lmstudio {
namespace token_usage_test {

using kind = usage_watch::kind;

token_usage read(std::string_view text) {
    token_usage found;
    read_usage(text, found, true);
    token_usage plain;
    read_usage(text, plain, false);
    if (plain.in >= 0 || plain.out >= 0) {
        EXPECT_EQ(plain.in, found.in) << text;
        EXPECT_EQ(plain.out, found.out) << text;
    }
    EXPECT_EQ(plain.per_second, -1);
    return found;
}

void expect(token_usage const& found, std::int64_t in, std::int64_t out, double per_second = -1) {
    EXPECT_EQ(found.in, in);
    EXPECT_EQ(found.out, out);
    EXPECT_EQ(found.per_second, per_second);
}

// As LM Studio 0.4 answers.
std::string const chat =
    R"({"id":"chatcmpl-2q04","object":"chat.completion","created":1789742286,"model":"gemma-3-270m-it",
 "choices":[{"index":0,"message":{"role":"assistant","content":"a \"usage\": {\"prompt_tokens\": 99}",
 "reasoning_content":"","tool_calls":[]},"logprobs":null,"finish_reason":"stop"}],
 "usage":{"prompt_tokens":13,"completion_tokens":14,"total_tokens":27,"completion_tokens_details":{"reasoning_tokens":0}},
 "stats":{},"system_fingerprint":"gemma-3-270m-it"})";
std::string const rest_v0 =
    R"({"id":"chatcmpl-i3","choices":[],"usage":{"prompt_tokens":24,"completion_tokens":53,"total_tokens":77},
  "stats":{"tokens_per_second":51.43709529007664,"time_to_first_token":0.111,"generation_time":0.954,
  "stop_reason":"eosFound"},"model_info":{"arch":"granite"},"runtime":{"name":"llama.cpp"}})";
std::string const rest_v1 =
    R"({"model_instance_id":"ibm/granite-4-micro","output":[{"type":"tool_call","arguments":{"stats":{"input_tokens":7}}},
  {"type":"message","content":"Hello"}],"stats":{"input_tokens":646,"total_output_tokens":586,
  "reasoning_output_tokens":0,"tokens_per_second":29.753,"time_to_first_token_seconds":1.088,
  "model_load_time_seconds":2.656},"response_id":"resp_4ef0"})";
std::string const responses =
    R"({"id":"resp_1","object":"response","output":[],"usage":{"input_tokens":16,"input_tokens_details":{"cached_tokens":3},
  "output_tokens":8,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":24},"user":null,"metadata":{}})";
std::string const messages =
    R"({"id":"msg_1","type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn",
  "usage":{"input_tokens":12,"output_tokens":8,"cache_read_input_tokens":0}})";

TEST(token_usage, is_read_from_each_interface) {
    expect(read(chat), 13, 14);
    expect(read(rest_v0), 24, 53, 51.43709529007664);
    expect(read(rest_v1), 646, 586, 29.753);
    expect(read(responses), 16, 8);
    expect(read(messages), 12, 8);
}

TEST(token_usage, may_be_written_with_white_space) {
    expect(read("{\n  \"usage\" : {\n    \"prompt_tokens\" : 24,\n    \"completion_tokens\": 53\n  "
                "},\n  \"stats\": {\n    \"tokens_per_second\": 5.5\n  }\n}\n"),
           24, 53, 5.5);
}

TEST(token_usage, is_unknown_where_the_answer_does_not_tell_it) {
    for (auto const* text :
         {"", "{}", "usage", R"("usage")", R"("usage":)", R"("usage":null)", R"("usage":{)",
          R"("usage":{"prompt_tokens")", R"("usage":{"prompt_tokens":)",
          R"("usage":{"prompt_tokens":"13"})", R"("usage":{"prompt_tokens":-13})",
          R"("usage":{"prompt_tokens":99999999999999999999})", R"({"stats":{}})", R"({"stats":[]})",
          R"({"stats":{"tokens_per_second":inf}})",
          R"({"content":"\"usage\":{\"prompt_tokens\":13}"})"})
        expect(read(text), -1, -1);
    // LM Studio does not count the tokens of embeddings.
    expect(read(R"({"data":[],"usage":{"prompt_tokens":0,"total_tokens":0}})"), 0, -1);
}

TEST(token_usage, is_read_from_no_more_than_the_end_of_the_text) {
    std::string const spaces(longest_usage_tail, ' ');
    expect(read(chat + spaces), -1, -1);
    expect(read(spaces + spaces + chat), 13, 14);
}

TEST(token_usage, leaves_what_a_later_text_does_not_tell) {
    token_usage found;
    read_usage(R"("usage":{"input_tokens":25,"output_tokens":1}})", found, false);
    read_usage(R"("usage":{"output_tokens":15}})", found, false);
    expect(found, 25, 15);
}

// Each text is an event of its own, as LM Studio sends them.
token_usage watched(std::vector<std::string> const& events) {
    usage_watch watch;
    watch.begin(kind::stream, true);
    for (auto const& each : events)
        watch.push(each);
    watch.finish();
    return watch.found();
}

std::string const chat_token =
    "data: {\"id\":\"chatcmpl-2q04\",\"object\":\"chat.completion.chunk\",\"created\":1789742286,"
    "\"model\":\"gemma-3-270m-it\",\"system_fingerprint\":\"gemma-3-270m-it\",\"choices\":[{"
    "\"index\":0,\"delta\":{\"content\":\" a\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
std::vector<std::string> const chat_stream{
    chat_token, chat_token,
    "data: {\"id\":\"chatcmpl-2q04\",\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"chatcmpl-2q04\",\"choices\":[],\"usage\":{\"prompt_tokens\":13,"
    "\"completion_tokens\":14,\"total_tokens\":27}}\n\n",
    "data: [DONE]\n\n"};
std::vector<std::string> const message_stream{
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{"
    "\"input_tokens\":25,\"output_tokens\":1}}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
    "\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n",
    "event: message_delta\ndata: "
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
    "\"usage\":{\"output_tokens\":15}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"};
std::vector<std::string> const response_stream{
    "event: response.created\ndata: "
    "{\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n",
    "event: response.output_text.delta\ndata: "
    "{\"type\":\"response.output_text.delta\",\"delta\":\"a\"}"
    "\n\n",
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":" + responses +
        "}\n\n"};
std::vector<std::string> const rest_stream{
    "event: chat.start\ndata: {\"type\":\"chat.start\",\"model_instance_id\":\"a\"}\n\n",
    "event: message.delta\ndata: {\"type\":\"message.delta\",\"content\":\"Hello\"}\n\n",
    "event: chat.end\ndata: {\"type\":\"chat.end\",\"result\":" + rest_v1 + "}\n\n"};

TEST(usage_watch, finds_it_in_the_streams_of_each_interface) {
    expect(watched(chat_stream), 13, 14);
    expect(watched(message_stream), 25, 15);
    expect(watched(response_stream), 16, 8);
    expect(watched(rest_stream), 646, 586, 29.753);
    // Completions have it in their last event but one, beside the text.
    expect(watched({"data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}],\"usage\":{"
                    "\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
                    "data: [DONE]\n\n"}),
           5, 2);
    expect(watched({chat_token, chat_token}), -1, -1);
}

std::string joined(std::vector<std::string> const& events) {
    std::string all;
    for (auto const& each : events)
        all += each;
    return all;
}

TEST(usage_watch, finds_it_in_any_pieces) {
    struct sample {
        std::string text;
        std::int64_t in;
        std::int64_t out;
    };
    for (auto const& [text, in, out] :
         {sample{joined(chat_stream), 13, 14}, sample{joined(response_stream), 16, 8},
          sample{joined(rest_stream), 646, 586}}) {
        expect(watched({text}), in, out, in == 646 ? 29.753 : -1);
        for (std::size_t first = 0; first < text.size(); ++first) {
            auto const found = watched({text.substr(0, first), text.substr(first)});
            EXPECT_EQ(found.in, in) << "cut at " << first;
            EXPECT_EQ(found.out, out) << "cut at " << first;
        }
        std::vector<std::string> bytes;
        for (auto const c : text)
            bytes.emplace_back(1, c);
        expect(watched(bytes), in, out, in == 646 ? 29.753 : -1);
    }
}

TEST(usage_watch, finds_it_at_the_end_of_a_document_in_any_pieces) {
    for (std::size_t size : {1U, 7U, 100U, 4000U, 4096U, 5000U}) {
        usage_watch watch;
        watch.begin(kind::document, false);
        auto const text = std::string(10'000, ' ') + chat;
        for (std::size_t at = 0; at < text.size(); at += size)
            watch.push(std::string_view{text}.substr(at, size));
        watch.finish();
        expect(watch.found(), 13, 14);
    }
}

} // namespace token_usage_test
} // namespace secondwind::lmstudio
