// Settings that would send requests back to secondwind itself.
#pragma once

#include <secondwind/config/config.hpp>

namespace secondwind::app {

// Throws config::config_error if an upstream is a listener of this process, however its host is
// written: as a loopback address in any form, as an address of this machine, or as a name.
//
// Only upstreams with the port of a listener are looked at. `look_up_names`: asks the resolver for
// the addresses of such a name, and waits for two seconds at most; otherwise only "localhost" is
// known. A name may get another address later: the proxy answers requests that come back with 508.
void refuse_loops(config::settings const& all, bool look_up_names);

} // namespace secondwind::app
