// Which of LM Studio's endpoints a request line means. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::emulator {

enum class endpoint : std::uint8_t {
    greeting,
    models,
    chat_completions,
    completions,
    embeddings,
    responses,
    messages,
    v0_models,
    v0_model,
    v0_chat_completions,
    v1_models,
    v1_load,
    v1_unload,
    v1_chat,
    preflight,  // any OPTIONS
    unknown,    // 200 and an error
    unknown_v1, // 404 and the same error
};

struct destination {
    endpoint where = endpoint::unknown;
    std::string model; // of v0_model, percent-decoded
};

// Without `rest_v1`, as before LM Studio 0.4.0, /api/v1/ is as unknown as any other path. HEAD
// means the GET of that path, as in Express.
destination route(std::string_view method, std::string_view target, bool rest_v1);

// Without the query.
std::string_view path_of(std::string_view target) noexcept;

// True for what makes a model answer.
bool is_inference(endpoint where) noexcept;

} // namespace secondwind::emulator
