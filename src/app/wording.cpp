#include "wording.hpp"

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

json const& member(json const& object, std::string_view name) {
    static json const null;
    if (!object.is_object())
        return null;
    auto const found = object.find(name);
    return found == object.end() ? null : *found;
}

json const& list_member(json const& object, std::string_view name) {
    static json const none = json::array();
    auto const& found = member(object, name);
    return found.is_array() ? found : none;
}

std::string text_member(json const& object, std::string_view name, std::string_view missing) {
    auto const& found = member(object, name);
    if (found.is_string())
        return found.get<std::string>();
    if (found.is_number() || found.is_boolean())
        return found.dump();
    return std::string{missing};
}

bool is_true(json const& object, std::string_view name) {
    auto const& found = member(object, name);
    return found.is_boolean() && found.get<bool>();
}

double number_member(json const& object, std::string_view name) {
    auto const& found = member(object, name);
    return found.is_number() ? found.get<double>() : 0;
}

std::uint64_t count_member(json const& object, std::string_view name) {
    auto const& found = member(object, name);
    bool const is_count = found.is_number_integer() && found >= 0;
    return is_count ? found.get<std::uint64_t>() : 0;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    if (count != 1 && !many.empty())
        return fmt::format("{} {}", count, many);
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::optional<double> parse_time(std::string_view text) noexcept {
    auto const time = parse_rfc3339(text);
    if (!time)
        return std::nullopt;
    // A double holds the microseconds since 1970, and not the nanoseconds.
    using std::chrono::microseconds;
    auto const since_1970 = std::chrono::duration_cast<microseconds>(time->time_since_epoch());
    return std::chrono::duration<double>{since_1970}.count();
}

std::string span(double seconds) {
    seconds = std::max(0.0, seconds);
    // Rounded first, so that 9.96 is no "10.0s" and 59.7 no "60s".
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

std::string short_span(double seconds) {
    constexpr double to_ms = 1000;
    return seconds < 1 ? fmt::format("{:.0f}ms", std::max(0.0, seconds) * to_ms) : span(seconds);
}

std::string age_member(json const& object, std::string_view name, double now) {
    auto const time = parse_time(text_member(object, name));
    return time ? span(now - *time) : "-";
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
