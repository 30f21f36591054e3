#include <secondwind/base/decimal.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace secondwind {
namespace {

std::size_t skip_digits(std::string_view text, std::size_t at) noexcept {
    return std::min(text.find_first_not_of("0123456789", at), text.size());
}

// How many bytes of the text are a number; 0: none.
std::size_t size_of_number(std::string_view text) noexcept {
    auto const point = skip_digits(text, 0);
    bool const has_point = point < text.size() && text[point] == '.';
    auto const end = has_point ? skip_digits(text, point + 1) : point;
    if (end == (has_point ? 1U : 0U)) // no digit
        return 0;
    if (end == text.size() || (text[end] != 'e' && text[end] != 'E'))
        return end;
    auto const sign = end + 1;
    bool const has_sign = sign < text.size() && (text[sign] == '-' || text[sign] == '+');
    auto const digits = has_sign ? sign + 1 : sign;
    auto const end_of_exponent = skip_digits(text, digits);
    return end_of_exponent > digits ? end_of_exponent : end;
}

} // namespace

std::optional<decimal> read_decimal(std::string_view text) noexcept {
    std::array<char, 64> number{}; // strtod() reads up to a zero
    auto const size = size_of_number(text.substr(0, number.size()));
    if (size == 0 || size >= number.size())
        return std::nullopt;
    text.copy(number.data(), size);
    auto const value = std::strtod(number.data(), nullptr);
    if (!std::isfinite(value))
        return std::nullopt;
    return decimal{value, size};
}

} // namespace secondwind
