// Which of LM Studio's endpoints a request is for, and which instance serves it. Pure.
#pragma once

#include <secondwind/emulator/store.hpp>

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
    emulator::endpoint endpoint = emulator::endpoint::unknown;
    std::string model; // of v0_model, percent-decoded
};

// Without `rest_v1`, as before LM Studio 0.4.0, /api/v1/ is unknown like any other path. HEAD means
// the GET of that path, as in Express.
destination route(std::string_view method, std::string_view target, bool rest_v1);

// The target without its query.
std::string_view path_of(std::string_view target) noexcept;

// True for the endpoints at which a model answers.
bool is_inference(endpoint endpoint) noexcept;

enum class availability : std::uint8_t {
    ready,    // `serving` serves the request
    loading,  // `serving` will, once its load is over
    on_disk,  // `stored` has to be loaded first
    none,     // "No models loaded."
    ambiguous // "Multiple models are loaded."
};

struct resolution {
    emulator::availability availability = emulator::availability::none;
    instance const* serving = nullptr;
    model const* stored = nullptr;
};

// Finds the instance for a name that a request gives, which may be empty. An instance id or a model
// key of the right type means itself, also in one of the other spellings of store::find_meant(). As
// in LM Studio, any other name means the only loaded model of that type, if there is exactly one;
// for embeddings it means nothing. With `jit` off, a model that isn't loaded counts as unknown.
resolution resolve(store const& models, std::string_view name, model_type type, bool jit);

} // namespace secondwind::emulator
