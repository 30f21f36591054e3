#include "../process_figures.hpp"

#include <limits>

#include <libproc.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <unistd.h>

namespace secondwind::admin {

namespace {

double seconds(timeval const& t) noexcept {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

double read_max_fds() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                           : static_cast<double>(limit.rlim_cur);
}

} // namespace

std::optional<process_figures> read_process_figures() {
    auto const self = ::getpid();
    proc_taskallinfo info{};
    rusage used{};
    if (::proc_pidinfo(self, PROC_PIDTASKALLINFO, 0, &info, sizeof info) !=
            static_cast<int>(sizeof info) ||
        ::getrusage(RUSAGE_SELF, &used) != 0)
        return std::nullopt;
    process_figures all;
    all.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    all.start_time = static_cast<double>(info.pbsd.pbi_start_tvsec) +
                     static_cast<double>(info.pbsd.pbi_start_tvusec) / 1e6;
    all.virtual_bytes = info.ptinfo.pti_virtual_size;
    all.resident_bytes = info.ptinfo.pti_resident_size;
    all.open_fds = info.pbsd.pbi_nfiles;
    all.max_fds = read_max_fds();
    return all;
}

} // namespace secondwind::admin
