// ASCII letters, independent of the locale.
#pragma once

#include <array>
#include <string_view>

namespace secondwind {

namespace ascii {

constexpr std::array<char, 256> make_lower() {
    std::array<char, 256> table{};
    for (unsigned c = 0; c < 256; ++c)
        table[c] = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    return table;
}

inline constexpr auto lower = make_lower();

} // namespace ascii

// Not std::tolower, which asks the locale for every byte.
constexpr char to_lower(char c) noexcept {
    return ascii::lower[static_cast<unsigned char>(c)];
}

// Compares without case, as HTTP compares field names and most tokens.
bool iequals(std::string_view a, std::string_view b) noexcept;

} // namespace secondwind
