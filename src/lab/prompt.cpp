#include "prompt.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

// Of all that is no filler, and of the chat template around it; about, by common tokenizers.
constexpr double other_tokens = 55;
constexpr double least_per_line = 2;
constexpr double most_per_line = 64;

// SplitMix64: each nonce has codes of its own.
std::uint64_t mixed(std::uint64_t value) noexcept {
    value += 0x9e3779b97f4a7c15U;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

// Six digits.
std::uint64_t code(std::uint64_t number) noexcept {
    constexpr std::uint64_t least = 100'000;
    constexpr std::uint64_t count = 900'000;
    return least + number % count;
}

} // namespace

prompt make_prompt(std::int64_t tokens, double per_line, std::uint64_t nonce) {
    auto const first = code(mixed(nonce));
    auto last = code(mixed(nonce + 1));
    if (last == first)
        last = code(last + 1);

    prompt made;
    made.first_code = std::to_string(first);
    made.last_code = std::to_string(last);
    auto const cost = std::clamp(per_line, least_per_line, most_per_line);
    auto const most = std::clamp<std::int64_t>(tokens, 0, registry::largest_context);
    made.lines = static_cast<std::int64_t>(
        std::max(0.0, std::floor((static_cast<double>(most) - other_tokens) / cost)));

    constexpr std::size_t line_bytes = 40;
    made.text.reserve((static_cast<std::size_t>(made.lines) + 8) * line_bytes);
    auto const out = std::back_inserter(made.text);
    fmt::format_to(out, "Run {:016x}\nFirst code: {}\n", mixed(nonce), made.first_code);
    // Numbers of one length, so that each line costs the same.
    for (std::int64_t i = 1; i <= made.lines; ++i)
        fmt::format_to(out, "Line {:06}: nothing new here.\n", i);
    fmt::format_to(out,
                   "Second code: {}\nRepeat the first code and the second code, then count up "
                   "from 1.\n",
                   made.last_code);
    return made;
}

double tokens_per_line(prompt const& sent, std::int64_t input_tokens) noexcept {
    auto const filler = static_cast<double>(input_tokens) - other_tokens;
    if (sent.lines <= 0 || filler <= 0)
        return default_tokens_per_line;
    return std::clamp(filler / static_cast<double>(sent.lines), least_per_line, most_per_line);
}

std::string make_text(std::int64_t tokens, std::uint64_t nonce) {
    constexpr std::int64_t bytes_per_token = 4;
    auto const size = static_cast<std::size_t>(
        std::clamp<std::int64_t>(tokens, 1, registry::largest_context) * bytes_per_token);
    auto text = fmt::format("Run {:016x}.", mixed(nonce));
    while (text.size() < size)
        text += " The river runs past the old mill and on to the sea.";
    text.resize(size);
    return text;
}

std::int64_t fill_for(std::int64_t context, std::int64_t output) noexcept {
    constexpr std::int64_t least_margin = 128;
    constexpr std::int64_t part = 50; // 2 %
    return std::max<std::int64_t>(1, context - output - std::max(least_margin, context / part));
}

std::int64_t text_for(std::int64_t context) noexcept {
    return std::max<std::int64_t>(1, context / 4 * 3);
}

registry::recall recalled(prompt const& sent, std::string_view answer) noexcept {
    bool const first = answer.find(sent.first_code) != answer.npos;
    bool const last = answer.find(sent.last_code) != answer.npos;
    if (first && last)
        return registry::recall::both;
    if (first)
        return registry::recall::first;
    return last ? registry::recall::last : registry::recall::none;
}

} // namespace secondwind::lab
