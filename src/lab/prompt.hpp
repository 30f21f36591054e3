// The prompt of a probe, and what came back of it. Pure.
#pragma once

#include <secondwind/registry/records.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::lab {

// A prompt of numbered short lines between two codes of six digits, which the model is told to
// repeat. Its first line is the nonce, so that no cache of the host knows it.
struct prompt {
    std::string text;
    std::string first_code;
    std::string last_code;
    std::int64_t lines = 0; // of filler
};
// `tokens` are those that are wanted of the whole prompt, `per_line` what a line of filler costs
// (first guess: default_tokens_per_line). `nonce` also makes the codes.
inline constexpr double default_tokens_per_line = 12;
prompt make_prompt(std::int64_t tokens, double per_line, std::uint64_t nonce);
// Tokens that a line costs, by a prompt that the host has counted.
double tokens_per_line(prompt const& sent, std::int64_t input_tokens) noexcept;
// Tokens of the filler in a short prompt.
inline constexpr std::int64_t short_filler = 200;

// A text of about that many tokens, for embedding models.
std::string make_text(std::int64_t tokens, std::uint64_t nonce);

// Tokens of prompt that fill a context, when `output` are left for the answer.
std::int64_t fill_for(std::int64_t context, std::int64_t output) noexcept;
// The same for a text that is embedded, whose tokens the host does not count.
std::int64_t text_for(std::int64_t context) noexcept;

registry::recall recalled(prompt const& sent, std::string_view answer) noexcept;

} // namespace secondwind::lab
