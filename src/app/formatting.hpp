// Numbers, times and lists as text for people. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::app {

// "1 host", "2 hosts". `many` is only needed for a plural that is not `one` with an s.
std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {});

// Seconds since 1970 of an RFC 3339 time; nothing for any other text.
std::optional<double> parse_time(std::string_view text) noexcept;

// A duration in seconds: "0.4s", "12s", "3m 20s", "2h 5m", "4d 3h". Negative ones count as 0.
std::string duration_text(double seconds);
// The same, but "812ms" below a second.
std::string short_duration_text(double seconds);

// How long before `now` (seconds since 1970) an RFC 3339 time was; "-" for any other text.
std::string age_text(std::string_view time, double now);

// "131,072"
std::string in_groups(std::uint64_t number);

// "4.70 GB", with 10^9 bytes each, as LM Studio counts them; "-" for 0.
std::string gigabytes(double bytes);

// "a, b and c"
std::string enumerated(std::vector<std::string> const& all);

} // namespace secondwind::app
