#include <secondwind/base/escape.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace secondwind {
namespace {

constexpr unsigned char byte_at(std::string_view text, std::size_t i) noexcept {
    return static_cast<unsigned char>(text[i]);
}

template<class Word>
Word word_at(std::string_view text, std::size_t i) noexcept {
    Word word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    return word;
}

// The bytes that need no escape in any output.
constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0x20; c < 0x7f; ++c)
        table[c] = c != '"' && c != '\\';
    return table;
}();

struct code_point {
    std::uint32_t value = 0;
    std::size_t length = 0; // 0: the first byte starts no valid sequence
};

code_point decode(std::string_view text) noexcept {
    auto const first = byte_at(text, 0);
    std::size_t length = 0;
    std::uint32_t smallest = 0;
    std::uint32_t value = 0;
    if (first < 0x80)
        return {first, 1};
    if (first >= 0xc0 && first < 0xe0) {
        length = 2;
        smallest = 0x80;
        value = first & 0x1fU;
    } else if (first >= 0xe0 && first < 0xf0) {
        length = 3;
        smallest = 0x800;
        value = first & 0x0fU;
    } else if (first >= 0xf0 && first < 0xf8) {
        length = 4;
        smallest = 0x10000;
        value = first & 0x07U;
    }
    if (length == 0 || text.size() < length)
        return {};
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, i) & 0xc0U) != 0x80U)
            return {};
        value = (value << 6U) | (byte_at(text, i) & 0x3fU);
    }
    bool const surrogate = value >= 0xd800 && value < 0xe000;
    if (value < smallest || value > 0x10ffff || surrogate)
        return {};
    return {value, length};
}

struct range {
    std::uint32_t first, last;
};

// Controls, and what has no width or changes the direction of the text around it (Unicode's general
// categories Cc and Cf, and the combining grapheme joiner).
constexpr std::array<range, 13> unseen{{{0x00, 0x1f},
                                        {0x7f, 0x9f},
                                        {0xad, 0xad},
                                        {0x34f, 0x34f},
                                        {0x61c, 0x61c},
                                        {0x180e, 0x180e},
                                        {0x200b, 0x200f},
                                        {0x2028, 0x202e},
                                        {0x2060, 0x206f},
                                        {0xfeff, 0xfeff},
                                        {0xfff9, 0xfffb},
                                        {0x1bca0, 0x1bca3},
                                        {0xe0000, 0xe007f}}};

bool must_be_escaped(std::uint32_t c) noexcept {
    return std::ranges::any_of(unseen, [c](range r) { return c >= r.first && c <= r.last; });
}

void append_code_unit(std::string& out, std::uint32_t c) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += digits[(c >> static_cast<unsigned>(shift)) & 0xfU];
}

// Beyond the first plane as a surrogate pair (RFC 8259 section 7).
void append_code_point(std::string& out, std::uint32_t c) {
    constexpr std::uint32_t second_plane = 0x10000;
    if (c < second_plane) {
        append_code_unit(out, c);
        return;
    }
    append_code_unit(out, 0xd800U + ((c - second_plane) >> 10U));
    append_code_unit(out, 0xdc00U + ((c - second_plane) & 0x3ffU));
}

void append_special(std::string& out, std::uint32_t c) {
    switch (c) {
    case '"':
        out += "\\\"";
        break;
    case '\\':
        out += "\\\\";
        break;
    case '\n':
        out += "\\n";
        break;
    case '\r':
        out += "\\r";
        break;
    case '\t':
        out += "\\t";
        break;
    default:
        append_code_point(out, c);
    }
}

} // namespace

void append_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        auto const run = std::ranges::find_if_not(
            text, [](char c) { return plain[static_cast<unsigned char>(c)]; });
        auto const length = static_cast<std::size_t>(run - text.begin());
        out.append(text.substr(0, length));
        text.remove_prefix(length);
        if (text.empty())
            return;
        auto const c = decode(text);
        if (c.length == 0)
            out += "\xEF\xBF\xBD";
        else if (c.value == '"' || c.value == '\\' || must_be_escaped(c.value))
            append_special(out, c.value);
        else
            out.append(text.substr(0, c.length));
        text.remove_prefix(std::max<std::size_t>(c.length, 1));
    }
}

std::string escape_unseen(std::string json) {
    constexpr auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::ranges::all_of(json, is_ascii))
        return json;
    std::string out;
    std::string_view text = json;
    while (!text.empty()) {
        auto const c = decode(text);
        auto const length = std::max<std::size_t>(c.length, 1);
        if (c.value >= 0x7f && must_be_escaped(c.value))
            append_code_point(out, c.value);
        else
            out.append(text.substr(0, length));
        text.remove_prefix(length);
    }
    return out;
}

std::string_view beginning_of(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit)
        return text;
    while (limit > 0 && (byte_at(text, limit) & 0xc0U) == 0x80U)
        --limit;
    return text.substr(0, limit);
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const length = decode(text).length;
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

// Sixteen bytes at a time, because nearly every value of every line of the log passes here. Where
// fewer are left, some are looked at twice.
bool is_plain(std::string_view text) noexcept {
    using byte = signed char; // negative if it is not ASCII
    using bytes16 [[gnu::vector_size(16)]] = byte;
    static constexpr auto are_plain = [](std::array<std::uint64_t, 2> words) {
        bytes16 some{};
        std::memcpy(&some, words.data(), sizeof some);
        auto const special =
            (some < byte{0x20}) | (some == byte{'"'}) | (some == byte{'\\'}) | (some == byte{0x7f});
        std::memcpy(words.data(), &special, sizeof special);
        return (words[0] | words[1]) == 0;
    };
    auto const size = text.size();
    auto const word = [text](std::size_t at) { return word_at<std::uint64_t>(text, at); };
    if (size >= 16) {
        for (std::size_t at = 0; at + 16 < size; at += 16)
            if (!are_plain({word(at), word(at + 8)}))
                return false;
        return are_plain({word(size - 16), word(size - 8)});
    }
    if (size >= 8)
        return are_plain({word(0), word(size - 8)});
    if (size >= 4) {
        auto const both = word_at<std::uint32_t>(text, 0) |
                          std::uint64_t{word_at<std::uint32_t>(text, size - 4)} << 32U;
        return are_plain({both, both});
    }
    return std::ranges::all_of(text, [](char c) { return plain[static_cast<unsigned char>(c)]; });
}

bool is_bare_word(std::string_view text) noexcept {
    return std::ranges::all_of(
        text, [](char c) { return plain[static_cast<unsigned char>(c)] && c != ' ' && c != '='; });
}

std::string in_quotes(std::string_view text, std::size_t limit) {
    std::string out = "\"";
    append_escaped(out, beginning_of(text, limit));
    out += text.size() > limit ? "...\"" : "\"";
    return out;
}

} // namespace secondwind
