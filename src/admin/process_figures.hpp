// Resource usage of this process.
#pragma once

#include <cstdint>
#include <optional>

namespace secondwind::admin {

struct process_figures {
    double cpu_seconds = 0; // user and system
    double start_time = 0;  // seconds since 1970
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_fds = 0;
    double max_fds = 0; // infinite where there is no limit
};

// Nothing where the system does not tell.
std::optional<process_figures> read_process_figures();

} // namespace secondwind::admin
