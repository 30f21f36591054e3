#include "../process_figures.hpp"

#include "../process_stat.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace secondwind::admin {

namespace {

std::string content_of(char const* file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::uint64_t count_open_fds() {
    std::error_code error;
    std::filesystem::directory_iterator each{"/proc/self/fd", error};
    std::uint64_t n = 0;
    while (!error && each != std::filesystem::directory_iterator{}) {
        ++n;
        each.increment(error);
    }
    return n > 0 ? n - 1 : 0; // without the one that reads the directory
}

double read_max_fds() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                           : static_cast<double>(limit.rlim_cur);
}

// /proc/stat has the time of the boot, too, but a sandbox may hide it (ProcSubset=pid).
double seconds(clockid_t clock) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

} // namespace

std::optional<process_figures> read_process_figures() {
    auto const stat = parse_process_stat(content_of("/proc/self/stat"));
    // Computed once, because the difference of two running clocks varies slightly.
    static double const booted = seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME);
    auto const ticks = static_cast<double>(::sysconf(_SC_CLK_TCK)); // per second
    auto const page_size = ::sysconf(_SC_PAGESIZE);
    if (!stat || ticks <= 0 || page_size <= 0)
        return std::nullopt;
    process_figures all;
    all.cpu_seconds = static_cast<double>(stat->cpu_ticks) / ticks;
    all.start_time = booted + static_cast<double>(stat->start_ticks) / ticks;
    all.virtual_bytes = stat->virtual_bytes;
    all.resident_bytes = stat->resident_pages * static_cast<std::uint64_t>(page_size);
    all.open_fds = count_open_fds();
    all.max_fds = read_max_fds();
    return all;
}

} // namespace secondwind::admin
