#include "own_words.hpp"

#include <secondwind/base/ascii.hpp>
#include <secondwind/base/pattern.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace secondwind::policy {
namespace {

constexpr auto none = std::string_view::npos;

// Whatever comes after these may be a request's, a model's or a tool's.
constexpr std::array<std::string_view, 7> echoes{"failed to parse input at pos",
                                                 "failed to parse tool call arguments",
                                                 "invalid model identifier",
                                                 "is not valid json",
                                                 "unexpected token",
                                                 "your models:",
                                                 "last read:"};

// The quoted words that a signature asks for.
constexpr std::array<std::string_view, 1> asked_for{"swapaxes"};

constexpr bool is_word(char c) noexcept {
    auto const l = to_lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80U;
}

constexpr bool is_quote(char c) noexcept {
    return c == '"' || c == '\'' || c == '`';
}

bool begins_with(std::string_view text, std::string_view prefix) noexcept {
    return iequals(text.substr(0, prefix.size()), prefix);
}

// The place of the mark that ends the run which begins at `at`; npos where there is none.
std::size_t end_of_run(std::string_view message, std::size_t at) noexcept {
    auto const mark = message[at];
    for (auto end = at + 1; end < message.size(); ++end) {
        if (message[end] == '\\')
            ++end;
        else if (message[end] == mark &&
                 (mark != '\'' || end + 1 == message.size() || !is_word(message[end + 1])))
            return end;
    }
    return none;
}

// In "Engine protocol predict stream returned an error: {...}", or where nothing else is said.
bool introduces_engine_error(std::string_view own) noexcept {
    auto const last = own.find_last_not_of(" \t\r\n");
    if (last == none)
        return true;
    return own[last] == ':' && matches("engine protocol", own);
}

} // namespace

own_words own_words_of(std::string_view message) {
    own_words own;
    for (std::size_t at = 0; at < message.size();) {
        auto const c = message[at];
        auto const rest = message.substr(at);
        if (c == '{' && introduces_engine_error(own.text)) {
            own.engine_error = rest;
            break;
        }
        bool const opens = is_quote(c) && (c != '\'' || at == 0 || !is_word(message[at - 1]));
        if (opens) {
            auto const end = end_of_run(message, at);
            if (end == none && c != '\'')
                break;
            if (end != none) {
                own.text += c;
                auto const run = message.substr(at + 1, end - at - 1);
                if (std::ranges::any_of(asked_for,
                                        [run](std::string_view word) { return word == run; }))
                    own.text += run;
                own.text += c;
                at = end + 1;
                continue;
            }
        }
        auto const echo = std::ranges::find_if(
            echoes, [rest](std::string_view each) { return begins_with(rest, each); });
        if (echo != echoes.end()) {
            own.text += rest.substr(0, echo->size());
            break;
        }
        own.text += c;
        ++at;
    }
    return own;
}

} // namespace secondwind::policy
