// All that recovers one host.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/policy/oversized_models.hpp>
#include <secondwind/recovery/host_guard.hpp>
#include <secondwind/recovery/in_flight.hpp>
#include <secondwind/recovery/recoverer.hpp>

#include <cstdint>
#include <string>

namespace secondwind::recovery {

// The exchanges in flight, the recovery that runs, the models that did not fit, and the recoverer
// that carries recoveries out. It knows no socket: the host is reached through `control`.
struct host_recovery {
    // All must outlive it.
    host_recovery(std::string host, boost::asio::io_context& io, net::deadline_queue& queue,
                  recovery::control& control, recovery::ledger& records,
                  config::current_settings const& in_force)
        : deadlines{queue}, settings{in_force}, ledger{records}, in_flight{io}, guard{io},
          recoverer{std::move(host), queue,     io,      control, in_flight,
                    guard,           oversized, records, settings} {}
    host_recovery(host_recovery const&) = delete;
    host_recovery& operator=(host_recovery const&) = delete;

    bool crowded() noexcept { return guard.gate().waiting() >= settings->limits.recovery_waiters; }

    net::deadline_queue& deadlines;
    config::current_settings const& settings;
    recovery::ledger& ledger;
    recovery::in_flight in_flight;
    host_guard guard;
    policy::oversized_models oversized;
    recovery::recoverer recoverer;
};

} // namespace secondwind::recovery
