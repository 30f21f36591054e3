#pragma once
// The answers of the benchmark's host: of a given size, in LM Studio's formats.

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace bench {

inline constexpr std::string_view stamp_name = "\"at\":\"";
inline constexpr std::size_t stamp_digits = 19;

/// How a stream ends, apart from its framing.
inline constexpr std::string_view done_event = "data: [DONE]\n\n";

inline std::string whole_answer(std::string_view status, std::string_view type,
                                std::string_view body) {
    std::string answer = "HTTP/1.1 ";
    answer.append(status).append("\r\nContent-Type: ").append(type);
    answer.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    return answer.append(body);
}

inline std::string json_answer(std::string_view status, std::string_view body) {
    return whole_answer(status, "application/json; charset=utf-8", body);
}

/// Pads the text before `rest` so that both together have the requested size, if possible.
inline std::string padded(std::string text, std::string_view rest, std::size_t size) {
    if (text.size() + rest.size() < size) {
        text.append(size - text.size() - rest.size(), 'x');
    }
    return text.append(rest);
}

inline std::string completion(std::size_t size) {
    return padded(R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,)"
                  R"("model":"bench","choices":[{"index":0,"finish_reason":"stop","message":)"
                  R"({"role":"assistant","content":")",
                  R"("}}],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}})",
                  size);
}

inline constexpr std::string_view stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

inline std::string chunk(std::string_view data) {
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    return std::string(size).append(data).append("\r\n");
}

/// One event as a chunk, with space for the time after `stamp_name`.
inline std::string event_chunk(std::size_t size) {
    std::string event = R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk",)"
                        R"("created":1700000000,"model":"bench",)";
    event.append(stamp_name).append(stamp_digits, '0');
    event.append(R"(","choices":[{"index":0,"finish_reason":null,"delta":{"content":")");
    return chunk(padded(event, "\"}}]}\n\n", size));
}

inline void write_stamp(char* at, std::uint64_t time) {
    for (std::size_t i = stamp_digits; i-- > 0; time /= 10) {
        at[i] = static_cast<char>('0' + time % 10);
    }
}

inline constexpr std::string_view memory_error =
    R"({"error":{"message":"Failed to load model \"bench\". Error: Model loading was stopped due )"
    R"(to insufficient system resources. Under the current settings, this model requires )"
    R"(approximately 21.40 GB of memory. Continuing to load the model would likely overload your )"
    R"(system and cause it to freeze. If you think this is incorrect, you can adjust the model )"
    R"(loading guardrails in settings.","type":"invalid_request_error","param":"model",)"
    R"("code":null}})";

/// GET /api/v1/models: a model that takes the memory, loaded or not.
inline std::string inventory(bool loaded) {
    std::string models =
        R"({"models":[{"type":"llm","publisher":"bench","key":"old-model",)"
        R"("display_name":"Old model","architecture":"llama",)"
        R"("quantization":{"name":"Q4_K_M","bits_per_weight":4},"size_bytes":4000000000,)"
        R"("params_string":"7B","loaded_instances":[)";
    models += loaded ? R"({"id":"old-model","config":{"context_length":4096}})" : "";
    models += R"(],"max_context_length":8192,"format":"gguf",)"
              R"("capabilities":{"vision":false,"trained_for_tool_use":false}}]})";
    return models;
}

} // namespace bench
