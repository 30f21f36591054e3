// Durations and sizes as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind {

// "250ms", "30s", "10m", "2h", "1m30s" (larger units first, each at most once); "0" is zero.
// Nothing for any other form, a sign, or more than 365 days.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;

// In the largest unit that needs no fraction, so that "75s" stays "75s"; parse_duration reads it.
std::string format_duration(std::chrono::milliseconds d);

// "512", "64KiB", "8MiB", "1GiB" (powers of 1024) and "64kB", "8MB", "1GB" (powers of 1000), in
// bytes. Nothing for any other form or what does not fit 63 bits.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

// In the largest power of 1024 that needs no fraction; parse_size reads it.
std::string format_size(std::uint64_t bytes);

} // namespace secondwind
