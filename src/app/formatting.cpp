#include "formatting.hpp"

#include <secondwind/base/rfc3339.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr double minute = 60;
constexpr double hour = 60 * minute;
constexpr double day = 24 * hour;

std::string two_units(double seconds, double unit, std::string_view name, double lesser,
                      std::string_view lesser_name) {
    auto const whole = std::floor(seconds / unit);
    auto const rest = std::floor((seconds - whole * unit) / lesser);
    if (rest == 0)
        return fmt::format("{:.0f}{}", whole, name);
    return fmt::format("{:.0f}{} {:.0f}{}", whole, name, rest, lesser_name);
}

} // namespace

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    if (count != 1 && !many.empty())
        return fmt::format("{} {}", count, many);
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::optional<double> parse_time(std::string_view text) noexcept {
    auto const time = parse_rfc3339(text);
    if (!time)
        return std::nullopt;
    // A double can hold the microseconds since 1970, but not the nanoseconds.
    using std::chrono::microseconds;
    auto const since_1970 = std::chrono::duration_cast<microseconds>(time->time_since_epoch());
    return std::chrono::duration<double>{since_1970}.count();
}

std::string duration_text(double seconds) {
    seconds = std::max(0.0, seconds);
    // Rounded before the unit is chosen, so that 9.96 is not "10.0s" and 59.7 is not "60s".
    auto const tenths = std::round(seconds * 10) / 10;
    if (tenths < 10)
        return fmt::format("{:.1f}s", tenths);
    auto const whole = std::round(seconds);
    if (whole < minute)
        return fmt::format("{:.0f}s", whole);
    if (whole < hour)
        return two_units(whole, minute, "m", 1, "s");
    if (whole < day)
        return two_units(whole, hour, "h", minute, "m");
    return two_units(whole, day, "d", hour, "h");
}

std::string short_duration_text(double seconds) {
    constexpr double to_ms = 1000;
    return seconds < 1 ? fmt::format("{:.0f}ms", std::max(0.0, seconds) * to_ms)
                       : duration_text(seconds);
}

std::string age_text(std::string_view time, double now) {
    auto const parsed = parse_time(time);
    return parsed ? duration_text(now - *parsed) : "-";
}

std::string in_groups(std::uint64_t number) {
    constexpr std::size_t digits = 3;
    auto text = std::to_string(number);
    for (auto at = text.size(); at > digits; at -= digits)
        text.insert(at - digits, ",");
    return text;
}

std::string gigabytes(double bytes) {
    return bytes > 0 ? fmt::format("{:.2f} GB", bytes / 1e9) : "-";
}

std::string enumerated(std::vector<std::string> const& all) {
    std::string text;
    for (auto const& one : all)
        text += (&one == &all.front() ? "" : &one == &all.back() ? " and " : ", ") + one;
    return text;
}

} // namespace secondwind::app
