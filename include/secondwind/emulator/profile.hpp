// How an emulated model uses its context and memory, how fast it is, and what is wrong with it.
// Pure.
//
// A model without a profile has whatever context it is asked for, or 4,096 tokens: it takes its
// size alone, and answers prompts of any length.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::emulator {

// When the cache takes its memory.
enum class cache_growth : std::uint8_t {
    at_load,    // for the whole context, as in llama.cpp
    with_prompt // for the tokens that it holds, as in MLX; never given back before the unload
};

// What becomes of a prompt that is longer than the context: LM Studio's published texts, or
// nothing.
enum class overflow_answer : std::uint8_t {
    keep_first, // "Trying to keep the first N tokens when context the overflows. ..."
    keep_more,  // "The number of tokens to keep from the initial prompt is greater ..."
    exceeded,   // "Context size has been exceeded."
    truncate    // no error: its beginning is dropped
};

enum class load_fault : std::uint8_t {
    none,
    fails,       // "Failed to load model."
    crashes,     // the engine dies
    hangs,       // until the client leaves
    unsupported, // "No LM Runtime found ..."
};

enum class unload_fault : std::uint8_t {
    none,
    not_found, // says that there is no such instance, and unloads it
    stuck      // says that it is unloaded, and leaves it
};

// How the host changes the context that a load asks for, in silence.
enum class context_fit : std::uint8_t {
    none,
    down, // to the largest that fits, if less than was asked for
    up    // to the largest that fits, whatever was asked for
};

struct faults {
    std::vector<std::uint64_t> corrupt_at{}; // the cache is corrupt at these contexts
    bool corrupt = false;                    // at all
    load_fault load = load_fault::none;
    // A load that passes the guardrail and has too little memory.
    load_fault beyond_memory = load_fault::fails;
    unload_fault unload = unload_fault::none;
    std::chrono::milliseconds listed_after_unload{0}; // it goes so late
    std::chrono::milliseconds memory_freed_after{0};  // and its memory so long after it
    context_fit fit = context_fit::none;
    bool echoes_asked = false; // the answer to a load repeats the context that was asked for
    overflow_answer overflow = overflow_answer::keep_first;
    std::optional<std::uint64_t> truncate_at{}; // longer prompts lose their beginning in silence
    std::optional<std::uint64_t> crash_at{};    // the engine dies at a prompt of so many tokens
    std::optional<std::uint64_t> attends_to{};  // codes are found in the last tokens only
    std::optional<std::size_t> cut_after{};     // tokens; then the connection ends
};

struct profile {
    std::uint64_t default_context = 4096; // tokens; at most the model's maximum
    std::uint64_t kv_bytes_per_token = 0;
    cache_growth cache = cache_growth::at_load;
    // What the guardrail and estimates take a load for, as a multiple of what it takes.
    double estimate_factor = 1;
    bool estimate_is_sure = true;

    // Of an empty context, a second. `speed_halves_at`: with so many tokens of prompt, both are
    // half of that; 0: they stay.
    double prompt_tps = 500;
    double tps = 50;
    std::uint64_t speed_halves_at = 0;

    std::size_t dimensions = 768;         // of an embedding
    std::vector<std::string> reasoning{}; // options, the first one is the default; empty: none
    std::string format = "gguf";
    std::string quantization = "Q4_K_M";
    std::string params{}; // "8B"; empty: not known

    emulator::faults faults{};
};

} // namespace secondwind::emulator
