// What Linux tells of a process in /proc/<pid>/stat.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace secondwind::admin {

// The fields that are used.
struct process_stat {
    std::uint64_t cpu_ticks = 0;
    std::uint64_t start_ticks = 0; // since the system start
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};
std::optional<process_stat> parse_process_stat(std::string_view text) noexcept;

} // namespace secondwind::admin
