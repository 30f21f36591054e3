// What the emulator understands of a request for an answer. Pure.
#pragma once

#include "router.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace secondwind::emulator {

struct prompt {
    std::string model; // empty: the request names none
    bool stream = false;
    bool include_usage = false;         // of /v1/chat/completions
    bool base64 = false;                // of /v1/embeddings
    std::optional<std::uint64_t> limit; // tokens that the answer may have
    std::uint64_t tokens = 1;           // of the prompt; four bytes are one
    std::size_t inputs = 1;             // texts to embed
    std::string previous_response;      // of /v1/responses
};

// Why a request can't be read, in a sentence.
struct unreadable {
    std::string why;
};

// Fields that aren't known are ignored, as LM Studio does.
std::variant<prompt, unreadable> parse_prompt(endpoint where, std::string_view body);

} // namespace secondwind::emulator
