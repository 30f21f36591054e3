#include <secondwind/net/systemd.hpp>

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace secondwind::net::systemd {

void notify(std::string const& state) {
    ::sd_notify(0, state.c_str());
}

std::chrono::microseconds watchdog_span() {
    std::uint64_t span = 0;
    if (::sd_watchdog_enabled(0, &span) <= 0)
        return {};
    return std::chrono::microseconds{span};
}

std::vector<int> passed_descriptors() {
    std::vector<int> all;
    for (int left = ::sd_listen_fds(1), next = SD_LISTEN_FDS_START; left > 0; --left, ++next)
        all.push_back(next);
    return all;
}

} // namespace secondwind::net::systemd
