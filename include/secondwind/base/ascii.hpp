// ASCII letters, independent of the locale.
#pragma once

#include <array>
#include <cstddef>
#include <string>
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

// As == and starts_with(), for literals on the data path: the compiler makes a few loads of these,
// and a call of the members of std::string_view.
template<std::size_t N>
constexpr bool is_literal(std::string_view text, char const (&literal)[N]) noexcept {
    return text.size() == N - 1 &&
           std::char_traits<char>::compare(text.data(), literal, N - 1) == 0;
}
template<std::size_t N>
constexpr bool begins_with(std::string_view text, char const (&literal)[N]) noexcept {
    return text.size() >= N - 1 &&
           std::char_traits<char>::compare(text.data(), literal, N - 1) == 0;
}

// Compares without case, as HTTP compares field names and most tokens.
bool iequals(std::string_view a, std::string_view b) noexcept;

} // namespace secondwind
