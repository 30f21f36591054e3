#include <secondwind/policy/memory_requirement.hpp>

#include <secondwind/base/ascii.hpp>
#include <secondwind/base/decimal.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

namespace secondwind::policy {
namespace {

constexpr double most = 100e12;

// Cuts the prefix off if the text begins with it, whatever its case.
bool skip(std::string_view& text, std::string_view prefix) noexcept {
    if (!iequals(text.substr(0, prefix.size()), prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

void skip_spaces(std::string_view& text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

// Digits with at most one decimal sign among them.
std::optional<double> read_number(std::string_view& text) noexcept {
    std::array<char, 32> digits{};
    auto const end = text.find_first_not_of("0123456789.,");
    auto const number = text.substr(0, end);
    if (number.size() > digits.size())
        return std::nullopt;
    std::ranges::replace_copy(number, digits.begin(), ',', '.');

    auto const found = read_decimal({digits.data(), number.size()});
    if (!found || found->size != number.size())
        return std::nullopt;
    text.remove_prefix(number.size());
    return found->value;
}

// Decimal units, as LM Studio shows sizes.
std::optional<double> read_unit(std::string_view& text) noexcept {
    if (skip(text, "mb"))
        return 1e6;
    if (skip(text, "gb"))
        return 1e9;
    if (skip(text, "tb"))
        return 1e12;
    return std::nullopt;
}

std::optional<std::uint64_t> read_figure(std::string_view text) noexcept {
    skip_spaces(text);
    auto const number = read_number(text);
    skip_spaces(text);
    auto const unit = read_unit(text);
    if (!number || !unit)
        return std::nullopt;
    auto const bytes = *number * *unit;
    if (!(bytes >= 1) || bytes > most)
        return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
}

} // namespace

std::optional<std::uint64_t> named_bytes(std::string_view message) noexcept {
    for (; !message.empty(); message.remove_prefix(1)) {
        auto rest = message;
        if (!skip(rest, "requires approximately"))
            continue;
        if (auto const bytes = read_figure(rest))
            return bytes;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> required_bytes(std::string_view message) noexcept {
    auto const named = named_bytes(message);
    return named ? required_for_file(*named) : std::nullopt;
}

std::optional<std::uint64_t> required_for_file(std::uint64_t size_bytes) noexcept {
    if (size_bytes == 0)
        return std::nullopt;
    auto const margin = size_bytes / 10;
    return size_bytes + std::min(margin, std::numeric_limits<std::uint64_t>::max() - size_bytes);
}

} // namespace secondwind::policy
