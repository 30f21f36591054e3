// What a model with a profile makes of a prompt: what it keeps, what it answers, how fast. Pure.
#pragma once

#include "dialect.hpp"
#include <secondwind/emulator/profile.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::emulator {

// As everywhere in the emulator. LM Studio's own tokens depend on the model.
constexpr std::uint64_t bytes_per_token = 4;

// After "Error: ", and of a prediction whose engine has died.
std::string_view cause_of(load_fault fault) noexcept;
std::string_view crash_text() noexcept;
// Not of overflow_answer::truncate.
std::string overflow_text(overflow_answer form, std::uint64_t tokens, std::uint64_t context);

// With so many tokens before it.
double speed_at(double speed, profile const& profile, std::uint64_t tokens) noexcept;

// The text of a prompt: its strings one after the other, without their JSON.
std::string text_of(json const& content);
// Its end, of about so many tokens.
std::string_view last_tokens(std::string_view text, std::uint64_t tokens) noexcept;
// The numbers of exactly six digits that stand by themselves: the first and the last of them, since
// there can be line numbers between the codes that a prompt asks for.
std::vector<std::string> codes_in(std::string_view text);

// The answer to a prompt: the codes in it, and then 1, 2, 3, ..., about `tokens` in all; the
// usual words if there is no code. A model that can reason does so first, unless it is told not to.
// `text` is what the model has of the prompt.
reply reply_to(std::string_view text, std::string_view reasoning, profile const& profile,
               std::size_t tokens);

} // namespace secondwind::emulator
