// Parses the times of RFC 3339. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace secondwind {

// "2026-11-22T10:15:30Z", "2026-11-22T10:15:30.123456+02:00": a date-time of section 5.6, whose
// fraction is read to the microsecond. Nothing for any other form or a day that does not exist.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text) noexcept;

} // namespace secondwind
