// What a model is about to say, token by token. Pure.
#pragma once

#include "dialect.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::emulator {

// A token, and the part that begins with it, if it is the first of one.
struct planned_token {
    std::optional<spoken_part> part;
    std::string text;
};
using speech = std::vector<planned_token>;

// The word at that place of every usual text.
std::string token_at(std::size_t index);

// The usual text, of that many words.
speech usual_speech(std::size_t tokens);
// A reply: its words, and its tools' arguments in several pieces.
speech speech_of(reply const& said);
// The smallest JSON that fits the schema: all members, first choices, and nothing in arrays.
std::string example_of(json const& schema);

} // namespace secondwind::emulator
