#include "../process_figures.hpp"

#include <limits>

#include <windows.h>

#include <psapi.h>

namespace secondwind::admin {

namespace {

// In units of 100 ns.
double seconds(FILETIME const& time) noexcept {
    auto const units = (std::uint64_t{time.dwHighDateTime} << 32U) | time.dwLowDateTime;
    return static_cast<double>(units) / 1e7;
}

constexpr double from_1601_to_1970 = 11644473600.0; // in seconds

} // namespace

std::optional<process_figures> read_process_figures() {
    auto* const self = ::GetCurrentProcess();
    FILETIME start{};
    FILETIME end{};
    FILETIME system{};
    FILETIME user{};
    PROCESS_MEMORY_COUNTERS_EX memory{};
    memory.cb = sizeof memory;
    DWORD handles = 0;
    if (::GetProcessTimes(self, &start, &end, &system, &user) == 0 ||
        ::GetProcessMemoryInfo(self, reinterpret_cast<PROCESS_MEMORY_COUNTERS*>(&memory),
                               sizeof memory) == 0 ||
        ::GetProcessHandleCount(self, &handles) == 0)
        return std::nullopt;
    process_figures all;
    all.cpu_seconds = seconds(system) + seconds(user);
    all.start_time = seconds(start) - from_1601_to_1970;
    all.virtual_bytes = memory.PrivateUsage;
    all.resident_bytes = memory.WorkingSetSize;
    all.open_fds = handles;
    all.max_fds = std::numeric_limits<double>::infinity();
    return all;
}

} // namespace secondwind::admin
