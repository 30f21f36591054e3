#include <secondwind/base/units.hpp>

#include <array>
#include <charconv>
#include <limits>

namespace secondwind {
namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

// From the largest to the smallest: a duration names each at most once and in this order.
constexpr std::array<unit, 4> duration_units{
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::uint64_t longest_duration = 365ULL * 24 * 3'600'000;

constexpr std::array<unit, 7> size_units{{{"", 1},
                                          {"GiB", 1ULL << 30U},
                                          {"MiB", 1ULL << 20U},
                                          {"KiB", 1ULL << 10U},
                                          {"GB", 1'000'000'000},
                                          {"MB", 1'000'000},
                                          {"kB", 1'000}}};
constexpr auto largest_size = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

// Takes the digits at the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) noexcept {
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
    if (text == "0")
        return std::chrono::milliseconds{0};
    if (text.empty())
        return std::nullopt;
    std::uint64_t total = 0;
    std::size_t next = 0;
    while (!text.empty()) {
        auto const count = take_number(text);
        if (!count)
            return std::nullopt;
        auto const name = text.substr(0, text.find_first_of("0123456789"));
        while (next < duration_units.size() && duration_units[next].name != name)
            ++next;
        if (next == duration_units.size() ||
            *count > (longest_duration - total) / duration_units[next].factor)
            return std::nullopt;
        total += *count * duration_units[next].factor;
        ++next;
        text.remove_prefix(name.size());
    }
    return std::chrono::milliseconds{static_cast<std::chrono::milliseconds::rep>(total)};
}

std::string format_duration(std::chrono::milliseconds d) {
    auto const count = d.count();
    if (count == 0)
        return "0";
    for (auto const& u : duration_units) {
        auto const factor = static_cast<std::chrono::milliseconds::rep>(u.factor);
        if (count % factor == 0)
            return std::to_string(count / factor).append(u.name);
    }
    return std::to_string(count).append("ms");
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    auto const count = take_number(text);
    if (!count)
        return std::nullopt;
    for (auto const& u : size_units)
        if (u.name == text)
            return *count <= largest_size / u.factor ? std::optional{*count * u.factor}
                                                     : std::nullopt;
    return std::nullopt;
}

std::string format_size(std::uint64_t bytes) {
    for (auto const& u : size_units) {
        bool const binary = u.name.ends_with("iB");
        if (binary && bytes != 0 && bytes % u.factor == 0)
            return std::to_string(bytes / u.factor).append(u.name);
    }
    return std::to_string(bytes);
}

} // namespace secondwind
