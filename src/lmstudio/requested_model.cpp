#include <secondwind/lmstudio/requested_model.hpp>

#include "json_members.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/lmstudio/model_name.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace secondwind::lmstudio {
namespace {

constexpr auto npos = std::string_view::npos;

std::uint64_t read_so_far = 0;

constexpr std::array<bool, 256> make_structure() {
    std::array<bool, 256> table{};
    for (char const c : {'"', '{', '}', '[', ']'})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}

// Quotes and brackets: all that must be seen of what is skipped.
bool is_structure(char c) noexcept {
    static constexpr auto table = make_structure();
    return table[static_cast<unsigned char>(c)];
}

std::size_t skip_space(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() &&
           (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n'))
        ++at;
    return at;
}

// Where the string ends whose first character is at `begin`: at its closing quote, or npos. A quote
// closes it unless an odd number of backslashes stands before it, so only quotes are looked for,
// which is as fast as memchr.
std::size_t end_of_string(std::string_view text, std::size_t begin) noexcept {
    for (auto at = text.find('"', begin); at != npos; at = text.find('"', at + 1)) {
        auto unescaped = at;
        while (unescaped > begin && text[unescaped - 1] == '\\')
            --unescaped;
        if ((at - unescaped) % 2 == 0)
            return at;
    }
    return npos;
}

// The text of a string, given with its quotes; empty where the string is not valid JSON.
std::string text_of_string(std::string_view quoted) {
    auto const inside = quoted.substr(1, quoted.size() - 2);
    auto const plain = [](char c) { return c >= ' ' && c <= '~' && c != '\\'; };
    if (std::ranges::all_of(inside, plain))
        return std::string{inside};
    auto const parsed = parse_json(quoted);
    return parsed.is_string() ? parsed.get<std::string>() : std::string{};
}

// True if a member's name is `key`, which may be written with escapes.
bool is_key(std::string_view quoted, std::string_view key) {
    constexpr std::size_t longest_escape = 6; // "\u006d"
    auto const inside = quoted.substr(1, quoted.size() - 2);
    if (inside.find('\\') == npos)
        return inside == key;
    return inside.size() <= longest_escape * key.size() && text_of_string(quoted) == key;
}

} // namespace

requested_model::answer requested_model::read_from(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    auto at = skip_space(text, text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
    if (at == text.size() || text[at] != '{')
        return {};

    bool unloads = false;
    std::size_t depth = 1;
    for (++at; at < text.size() && depth > 0; ++at) {
        char const c = text[at];
        if (!is_structure(c))
            continue;
        if (c != '"') {
            depth = c == '{' || c == '[' ? depth + 1 : depth - 1;
            continue;
        }
        auto const end = end_of_string(text, at + 1);
        if (end == npos) {
            at = text.size();
            break;
        }
        auto const quoted = text.substr(at, end + 1 - at);
        at = end;
        if (depth > 1)
            continue;
        auto const colon = skip_space(text, at + 1);
        at = colon - 1;
        if (colon == text.size() || text[colon] != ':')
            continue;
        if (is_key(quoted, "instance_id"))
            unloads = true;
        if (!is_key(quoted, "model"))
            continue;

        auto const value = skip_space(text, colon + 1);
        auto const close =
            value < text.size() && text[value] == '"' ? end_of_string(text, value + 1) : npos;
        at = close == npos ? value : close + 1;
        read_so_far += at;
        auto name =
            close == npos ? std::string{} : text_of_string(text.substr(value, close + 1 - value));
        if (name.size() > longest_model_name)
            name = std::string{beginning_of(name, longest_model_name)};
        bool const unnamed = name.empty() && !unloads;
        auto const name_end = name.empty() ? 0 : at;
        return {std::move(name), unnamed, name_end};
    }
    read_so_far += at;
    return {{}, !unloads, 0};
}

requested_model::answer const& requested_model::read() const {
    if (!known_) {
        answer_ = read_from(body_);
        // What was not kept may name any model.
        if (!whole_ && answer_.name.empty())
            answer_.unnamed = true;
        known_ = true;
    }
    return answer_;
}

std::uint64_t requested_model::bytes_read() noexcept {
    return read_so_far;
}

} // namespace secondwind::lmstudio
