// Letters of ASCII, whatever the locale says.
#pragma once

namespace secondwind {

// Not std::tolower, which asks the locale for every byte.
constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace secondwind
