#include "behaviour.hpp"
#include "speech.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace secondwind::emulator {

namespace {

constexpr std::size_t code_digits = 6;
constexpr std::size_t thoughts = 80; // tokens: more than a short answer may have

bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_code(std::string_view word) {
    return word.size() == code_digits &&
           std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

void gather(json const& value, std::string& into) {
    if (value.is_string())
        into.append(value.get_ref<std::string const&>()).append("\n");
    else if (value.is_structured())
        for (auto const& member : value)
            gather(member, into);
}

std::string usual_words(std::size_t tokens) {
    std::string text;
    for (std::size_t i = 0; i < tokens; ++i)
        text += token_at(i);
    return text;
}

} // namespace

std::string_view cause_of(load_fault fault) noexcept {
    switch (fault) {
    case load_fault::crashes:
        return crash_text();
    case load_fault::unsupported:
        return "No LM Runtime found for model format 'emulated'!";
    default:
        return "Failed to load model.";
    }
}

std::string_view crash_text() noexcept {
    return "The model has crashed without additional information. (Exit code: null)";
}

std::string overflow_text(overflow_answer form, std::uint64_t tokens, std::uint64_t context) {
    switch (form) {
    case overflow_answer::keep_more:
        return "The number of tokens to keep from the initial prompt is greater than the context "
               "length. Try to load the model with a larger context length, or provide a shorter "
               "input";
    case overflow_answer::exceeded:
        return "Context size has been exceeded.";
    default:
        return fmt::format(
            "Trying to keep the first {} tokens when context the overflows. However, the model is "
            "loaded with context length of only {} tokens, which is not enough. Try to load the "
            "model with a larger context length, or provide a shorter input",
            tokens, context);
    }
}

double speed_at(double speed, profile const& profile, std::uint64_t tokens) noexcept {
    if (profile.speed_halves_at == 0)
        return speed;
    auto const depth = static_cast<double>(tokens) / static_cast<double>(profile.speed_halves_at);
    return speed / (1 + depth);
}

std::string text_of(json const& content) {
    std::string text;
    gather(content, text);
    return text;
}

std::string_view last_tokens(std::string_view text, std::uint64_t tokens) noexcept {
    auto const bytes = tokens * bytes_per_token;
    return bytes < text.size() ? text.substr(text.size() - bytes) : text;
}

std::vector<std::string> codes_in(std::string_view text) {
    std::vector<std::string> codes;
    while (!text.empty()) {
        auto const begin = std::ranges::find_if(text, is_word);
        auto const end = std::find_if_not(begin, text.end(), is_word);
        std::string_view const word{begin, end};
        if (is_code(word)) {
            codes.resize(std::min<std::size_t>(codes.size(), 1)); // the last one replaces others
            codes.emplace_back(word);
        }
        text = {end, text.end()};
    }
    return codes;
}

reply reply_to(std::string_view text, std::string_view reasoning, profile const& profile,
               std::size_t tokens) {
    reply said;
    if (!profile.reasoning.empty() && reasoning != "off")
        said.reasoning = usual_words(thoughts);
    auto const attended = profile.faults.attends_to;
    auto const codes = codes_in(attended ? last_tokens(text, *attended) : text);
    if (codes.empty()) {
        said.text = usual_words(tokens);
        return said;
    }
    said.text = fmt::format("{}", fmt::join(codes, " "));
    for (std::size_t i = codes.size(), number = 1; i < tokens; ++i, ++number)
        said.text += fmt::format(" {}", number);
    return said;
}

} // namespace secondwind::emulator
