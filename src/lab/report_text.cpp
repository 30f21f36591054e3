#include "report_text.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

constexpr double minute = 60;
constexpr std::int64_t minutes_of_hour = 60;

std::string minutes_text(std::int64_t minutes) {
    if (minutes < minutes_of_hour)
        return fmt::format("{} min", minutes);
    auto const rest = minutes % minutes_of_hour;
    auto const hours = fmt::format("{} h", minutes / minutes_of_hour);
    return rest == 0 ? hours : fmt::format("{} {} min", hours, rest);
}

// Digits, or digits in groups of three.
bool is_number(std::string_view text) noexcept {
    constexpr std::size_t group = 3;
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    auto const first = text.find(',');
    if (first == text.npos)
        return !text.empty() && std::ranges::all_of(text, is_digit);
    if (first == 0 || first > group)
        return false;
    for (std::size_t i = 0; i != text.size(); ++i) {
        bool const comma = i >= first && (i - first) % (group + 1) == 0;
        if (comma ? text[i] != ',' : !is_digit(text[i]))
            return false;
    }
    return (text.size() - first) % (group + 1) == 0;
}

} // namespace

std::string grouped(std::int64_t count) {
    constexpr std::ptrdiff_t group = 3;
    auto text = std::to_string(count);
    auto const begin = count < 0 ? 1 : 0;
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - group; at > begin; at -= group)
        text.insert(static_cast<std::size_t>(at), 1, ',');
    return text;
}

std::string bytes_text(std::int64_t bytes) {
    auto const value = static_cast<double>(bytes);
    // Rounded before the unit is chosen, so that none is "1000 MB".
    if (value < 999.5e6)
        return fmt::format("{:.0f} MB", value / 1e6);
    if (value < 999.995e9)
        return fmt::format("{:.2f} GB", value / 1e9);
    return fmt::format("{:.2f} TB", value / 1e12);
}

std::string gigabytes_text(std::int64_t bytes) {
    return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

std::string age_text(registry::time_point then, registry::time_point now) {
    auto const days = std::chrono::floor<std::chrono::days>(now - then).count();
    return days <= 0 ? "today" : counted(days, "day") + " ago";
}

std::string duration_text(double seconds) {
    seconds = std::max(0.0, seconds);
    auto const tenths = std::round(seconds * 10) / 10;
    if (tenths < minute)
        return fmt::format("{:.1f} s", tenths);
    return minutes_text(std::llround(seconds / minute));
}

std::string estimate_text(double seconds) {
    auto const minutes = std::llround(seconds / minute);
    if (minutes < 1)
        return "less than a minute";
    // No more precise than it can be.
    constexpr std::int64_t precise = 10;
    constexpr std::int64_t step = 5;
    return "about " +
           minutes_text(minutes <= precise ? minutes : (minutes + step / 2) / step * step);
}

std::string counted(std::int64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

std::string left_out_note(std::size_t models) {
    return fmt::format("left out of the host's list: {} whose type is not known, or whose key is "
                       "not 1 to {} bytes long",
                       counted(static_cast<std::int64_t>(models), "model"),
                       grouped(static_cast<std::int64_t>(registry::longest_key)));
}

std::string speed_text(double tokens_per_second) {
    return fmt::format("{:.1f}", tokens_per_second);
}

std::optional<std::int64_t> parse_tokens(std::string_view text) noexcept {
    constexpr std::int64_t kilo = 1024;
    bool const in_k = text.ends_with('k') || text.ends_with('K');
    if (in_k)
        text.remove_suffix(1);
    if (!is_number(text))
        return std::nullopt;
    std::int64_t value = 0;
    for (char const c : text) {
        if (c == ',')
            continue;
        constexpr std::int64_t base = 10;
        if (value > (std::numeric_limits<std::int64_t>::max() - (c - '0')) / base)
            return std::nullopt;
        value = value * base + (c - '0');
    }
    if (in_k && value > std::numeric_limits<std::int64_t>::max() / kilo)
        return std::nullopt;
    return in_k ? value * kilo : value;
}

} // namespace secondwind::lab
