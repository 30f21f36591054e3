// What libsystemd does for this process. In a build without it, nobody is told anything, and
// nothing was passed on.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace secondwind::net::systemd {

// Tells the service manager, where NOTIFY_SOCKET names one: assignments as sd_notify(3) has them,
// one a line. Never blocks and never fails: nobody can do anything about a manager that does not
// listen.
void notify(std::string const& state);

// Within which the manager wants a WATCHDOG=1 of this process (sd_watchdog_enabled(3)); 0: it does
// not.
std::chrono::microseconds watchdog_span();

// The descriptors that the manager has passed to this very process (sd_listen_fds(3)), set to be
// closed on exec. They are the caller's from now on: the environment forgets them, and a second
// call returns none.
std::vector<int> passed_descriptors();

} // namespace secondwind::net::systemd
