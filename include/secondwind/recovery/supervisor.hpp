// What watches over one host.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/policy/oversized_models.hpp>
#include <secondwind/recovery/host_guard.hpp>
#include <secondwind/recovery/in_flight.hpp>
#include <secondwind/recovery/recoverer.hpp>

#include <cstdint>
#include <string>

namespace secondwind::recovery {

// Who uses the host, the recovery that runs there, what did not fit, and who carries it all out.
// It knows no socket: the host is reached through `control`. All must outlive it.
struct supervisor {
    supervisor(std::string host, boost::asio::io_context& io, net::deadline_queue& queue,
               recovery::control& control, recovery::ledger& book, config::settings const& all)
        : deadlines{queue}, settings{all.recovery}, limits{all.limits}, ledger{book}, users{io},
          guard{io}, recovery{std::move(host), queue,     io,   control, users,
                              guard,           oversized, book, settings} {}
    supervisor(supervisor const&) = delete;
    supervisor& operator=(supervisor const&) = delete;

    bool crowded() noexcept { return guard.gate().waiting() >= limits.recovery_waiters; }

    net::deadline_queue& deadlines;
    config::recovery const& settings;
    config::limits const& limits;
    recovery::ledger& ledger;
    in_flight users;
    host_guard guard;
    policy::oversized_models oversized;
    recoverer recovery;
};

} // namespace secondwind::recovery
