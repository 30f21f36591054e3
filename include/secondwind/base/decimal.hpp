// Decimal numbers in texts.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace secondwind {

struct decimal {
    double value;
    std::size_t size; // of the number in the text
};

// The number that the text begins with, without a sign: "1", "1.5", ".5", "1.5e-3". Nothing if
// there is none, or if it is too long or too large. What std::from_chars() does where the standard
// library has it for double; macOS' has not.
std::optional<decimal> read_decimal(std::string_view text) noexcept;

} // namespace secondwind
