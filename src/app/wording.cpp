#include <secondwind/app/wording.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr double minute = 60;
constexpr double hour = 60 * minute;
constexpr double day = 24 * hour;

// The digits at that place; nothing if something else stands there.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
    if (at + count > text.size())
        return std::nullopt;
    int value = 0;
    auto const* end = text.data() + at + count;
    auto const [stop, error] = std::from_chars(text.data() + at, end, value);
    return error == std::errc{} && stop == end && value >= 0 ? std::optional{value} : std::nullopt;
}

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
    constexpr std::string_view form = "0000-00-00T00:00:00";
    for (std::size_t at = 0; at != form.size(); ++at)
        if (form[at] != '0' && (at >= text.size() || text[at] != form[at]))
            return std::nullopt;
    auto const year = digits(text, 0, 4);
    auto const month = digits(text, 5, 2);
    auto const the_day = digits(text, 8, 2);
    auto const hours = digits(text, 11, 2);
    auto const minutes = digits(text, 14, 2);
    auto const seconds = digits(text, 17, 2);
    if (!year || !month || !the_day || !hours || !minutes || !seconds || !text.ends_with('Z'))
        return std::nullopt;
    double fraction = 0;
    if (text[form.size()] == '.') {
        auto const length = text.size() - form.size() - 2;
        auto const value = digits(text, form.size() + 1, length);
        if (!value || length > 9)
            return std::nullopt;
        fraction = *value / std::pow(10.0, static_cast<double>(length));
    } else if (text.size() != form.size() + 1) {
        return std::nullopt;
    }
    std::chrono::year_month_day const date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*the_day)}};
    if (!date.ok())
        return std::nullopt;
    auto const days = std::chrono::sys_days{date}.time_since_epoch().count();
    return static_cast<double>(days) * day + *hours * hour + *minutes * minute + *seconds +
           fraction;
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
