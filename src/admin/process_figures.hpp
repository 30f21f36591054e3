// Resource usage of this process.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace secondwind::admin {

struct process_figures {
    double cpu_seconds = 0; // user and system
    double start_time = 0;  // seconds since 1970
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_fds = 0;
    double max_fds = 0; // infinite where there is no limit
};

// The fields of /proc/<pid>/stat that are used. Pure.
struct process_stat {
    std::uint64_t cpu_ticks = 0;
    std::uint64_t start_ticks = 0; // since the system start
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};
std::optional<process_stat> parse_process_stat(std::string_view text) noexcept;

// Nothing without Linux' /proc. Reads only the files of this process.
std::optional<process_figures> read_process_figures();

} // namespace secondwind::admin
