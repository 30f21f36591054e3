// Messages between clients and LM Studio, as bytes on the wire.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace secondwind::bench {

// A chat request of the OpenAI SDK for JavaScript.
inline constexpr std::string_view sdk_request = "POST /v1/chat/completions HTTP/1.1\r\n"
                                                "accept: application/json\r\n"
                                                "content-type: application/json\r\n"
                                                "user-agent: OpenAI/JS 4.67.3\r\n"
                                                "x-stainless-lang: js\r\n"
                                                "x-stainless-package-version: 4.67.3\r\n"
                                                "x-stainless-os: Linux\r\n"
                                                "x-stainless-arch: x64\r\n"
                                                "x-stainless-runtime: node\r\n"
                                                "x-stainless-runtime-version: v20.18.0\r\n"
                                                "authorization: Bearer lm-studio\r\n"
                                                "content-length: 1234\r\n"
                                                "accept-encoding: gzip,deflate\r\n"
                                                "host: 127.0.0.1:1234\r\n"
                                                "connection: keep-alive\r\n"
                                                "\r\n";
inline constexpr std::size_t sdk_request_fields = 14;

inline constexpr std::string_view minimal_request = "GET /v1/models HTTP/1.1\r\n"
                                                    "Host: 127.0.0.1:1234\r\n"
                                                    "\r\n";

// LM Studio's server uses Express.
inline constexpr std::string_view json_answer = "HTTP/1.1 200 OK\r\n"
                                                "X-Powered-By: Express\r\n"
                                                "Content-Type: application/json; charset=utf-8\r\n"
                                                "Content-Length: 691\r\n"
                                                "ETag: W/\"2b3-6QlnLgW8bqXzGZQ2F1n8oJpCkzE\"\r\n"
                                                "Date: Sun, 22 Nov 2026 10:15:30 GMT\r\n"
                                                "Connection: keep-alive\r\n"
                                                "Keep-Alive: timeout=5\r\n"
                                                "\r\n";
inline constexpr std::size_t json_answer_fields = 7;

inline constexpr std::string_view stream_answer = "HTTP/1.1 200 OK\r\n"
                                                  "X-Powered-By: Express\r\n"
                                                  "Content-Type: text/event-stream\r\n"
                                                  "Cache-Control: no-cache\r\n"
                                                  "Connection: keep-alive\r\n"
                                                  "Date: Sun, 22 Nov 2026 10:15:30 GMT\r\n"
                                                  "Keep-Alive: timeout=5\r\n"
                                                  "Transfer-Encoding: chunked\r\n"
                                                  "\r\n";
inline constexpr std::size_t stream_answer_fields = 7;

inline constexpr std::string_view event =
    "data: {\"id\":\"chatcmpl-2q04fcimkdoib350fta2t\",\"object\":\"chat.completion.chunk\","
    "\"created\":1789742286,\"model\":\"qwen/qwen3-coder-30b\","
    "\"system_fingerprint\":\"qwen/qwen3-coder-30b\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"content\":\" wind\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";

inline constexpr std::string_view chat_answer =
    "{\n  \"id\": \"chatcmpl-2q04fcimkdoib350fta2t\",\n  \"object\": \"chat.completion\",\n"
    "  \"created\": 1789742286,\n  \"model\": \"qwen/qwen3-coder-30b\",\n  \"choices\": [\n    {\n"
    "      \"index\": 0,\n      \"message\": {\n        \"role\": \"assistant\",\n"
    "        \"content\": \"A second wind.\",\n        \"tool_calls\": []\n      },\n"
    "      \"logprobs\": null,\n      \"finish_reason\": \"stop\"\n    }\n  ],\n  \"usage\": {\n"
    "    \"prompt_tokens\": 13,\n    \"completion_tokens\": 14,\n    \"total_tokens\": 27\n  },\n"
    "  \"stats\": {},\n  \"system_fingerprint\": \"qwen/qwen3-coder-30b\"\n}";

inline constexpr std::string_view memory_error =
    "{\"error\":{\"message\":\"Failed to load model \\\"openai/gpt-oss-120b\\\". Error: Model "
    "loading was stopped due to insufficient system resources. Under the current settings, this "
    "model requires approximately 65.08 GB of memory, and continuing to load it would likely "
    "overload your system and cause it to freeze.\",\"type\":\"invalid_request_error\","
    "\"param\":\"model\",\"code\":null}}";

// A body in the chunked coding, without its end.
inline std::string in_chunk(std::string_view data) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string size;
    for (auto left = data.size(); left > 0; left /= 16) {
        size.insert(size.begin(), digits[left % 16]);
    }
    return size + "\r\n" + std::string{data} + "\r\n";
}

inline std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

} // namespace secondwind::bench
