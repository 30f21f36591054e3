// The protocols between systemd and a service: the variables and the datagrams of sd_notify(3),
// sd_watchdog_enabled(3) and sd_listen_fds(3). Without systemd nothing happens.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace secondwind::net::systemd {

// Notifies the service manager, if NOTIFY_SOCKET names one: assignments as in sd_notify(3), one a
// line. Ignores errors: nothing could be done about them.
void notify(std::string const& state);

// The longest interval in which the manager expects WATCHDOG=1 from this process
// (sd_watchdog_enabled(3)); 0: it expects none.
std::chrono::microseconds watchdog_span();

// The descriptors that the manager has passed to this process (sd_listen_fds(3)), set to be closed
// on exec. The caller owns them: they are removed from the environment, and a second call returns
// none.
std::vector<int> passed_descriptors();

} // namespace secondwind::net::systemd
