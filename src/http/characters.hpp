// The classes of octets in an HTTP/1.1 message: one table look-up per byte.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace secondwind::http {

enum octet_class : std::uint8_t {
    tchar = 1,        // of a token, RFC 9110 section 5.6.2
    value_octet = 2,  // of a field value: HTAB, SP, VCHAR and obs-text, RFC 9110 section 5.5
    target_octet = 4, // of a request target
    host_octet = 8,   // of a registered name, RFC 3986 section 3.2.2
    blank = 16,       // SP and HTAB
};

namespace octets {

constexpr bool in(std::string_view set, unsigned c) {
    for (char const each : set) {
        if (static_cast<unsigned char>(each) == c) {
            return true;
        }
    }
    return false;
}

constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0; c < 256; ++c) {
        bool const alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        unsigned bits = 0;
        if (alphanumeric || in("!#$%&'*+-.^_`|~", c)) {
            bits |= tchar;
        }
        if (c == '\t' || (c >= 0x20 && c != 0x7f)) {
            bits |= value_octet;
        }
        // Beyond what RFC 3986 allows, browsers send "|", "{" and "^" as they are, and command-line
        // clients raw UTF-8. None of them can be taken for a delimiter, but "#" can: a fragment is
        // never sent, and servers interpret it differently.
        if (c > 0x20 && c != 0x7f && c != '#') {
            bits |= target_octet;
        }
        // A comma is grammatical, but may come from two Host fields that were joined.
        if (alphanumeric || in("-._~!$&'()*+;=", c)) {
            bits |= host_octet;
        }
        if (c == ' ' || c == '\t') {
            bits |= blank;
        }
        table[c] = static_cast<std::uint8_t>(bits);
    }
    return table;
}

constexpr std::array<std::uint8_t, 256> make_hex() {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0; c < 256; ++c) {
        unsigned digit = 0xff;
        if (c >= '0' && c <= '9') {
            digit = c - '0';
        } else if (c >= 'a' && c <= 'f') {
            digit = c - 'a' + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = c - 'A' + 10;
        }
        table[c] = static_cast<std::uint8_t>(digit);
    }
    return table;
}

inline constexpr auto classes = make_classes();
inline constexpr auto hex = make_hex();

} // namespace octets

constexpr bool is(char c, std::uint8_t wanted) noexcept {
    return (octets::classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// The value of a hexadecimal digit; 0xff for any other octet.
constexpr std::uint8_t hex_value(char c) noexcept {
    return octets::hex[static_cast<unsigned char>(c)];
}

// The first position at or after `from` whose octet is not of the class; the size if all are.
constexpr std::size_t skip(std::string_view text, std::size_t from, std::uint8_t of) noexcept {
    while (from < text.size() && is(text[from], of)) {
        ++from;
    }
    return from;
}

// The same without checking the size, for a text that is known to have a stop: the line ends of a
// head are in no class. Unrolled by four, because it reads the field names of every head.
constexpr char const* skip_to_stop(char const* from, std::uint8_t of) noexcept {
    for (;; from += 4) {
        if (!is(from[0], of)) {
            return from;
        }
        if (!is(from[1], of)) {
            return from + 1;
        }
        if (!is(from[2], of)) {
            return from + 2;
        }
        if (!is(from[3], of)) {
            return from + 3;
        }
    }
}

// The first octet that no field value has, or `end`; sixteen at a time while that many are left:
// values are most of a head.
inline char const* skip_value(char const* from, char const* end) noexcept {
    using octets16 [[gnu::vector_size(16)]] = unsigned char;
    if constexpr (std::endian::native == std::endian::little) {
        while (end - from >= 16) {
            octets16 some{};
            std::memcpy(&some, from, sizeof some);
            // All bits of those that are below 0x20 or 0x7f.
            auto const stops = (some < static_cast<unsigned char>(0x20)) |
                               (some == static_cast<unsigned char>(0x7f));
            std::array<std::uint64_t, 2> half{};
            std::memcpy(half.data(), &stops, sizeof stops);
            if ((half[0] | half[1]) == 0) {
                from += 16;
                continue;
            }
            from +=
                half[0] != 0 ? std::countr_zero(half[0]) / 8 : 8 + std::countr_zero(half[1]) / 8;
            if (*from != '\t') {
                return from;
            }
            ++from;
        }
    }
    while (from != end && is(*from, value_octet)) {
        ++from;
    }
    return from;
}

// Without surrounding spaces and tabs.
constexpr std::string_view trim(std::string_view text) noexcept {
    text.remove_prefix(skip(text, 0, blank));
    while (!text.empty() && is(text.back(), blank)) {
        text.remove_suffix(1);
    }
    return text;
}

// Calls `use` with each element of a comma-separated list, trimmed; empty elements are skipped, as
// RFC 9110 section 5.6.1.2 asks of recipients.
template<class Use>
constexpr void for_each_element(std::string_view list, Use&& use) {
    while (!list.empty()) {
        auto const comma = list.find(',');
        auto const element = trim(list.substr(0, comma));
        if (!element.empty()) {
            use(element);
        }
        if (comma == std::string_view::npos) {
            break;
        }
        list.remove_prefix(comma + 1);
    }
}

} // namespace secondwind::http
