// The documents that show the current state: status, hosts and recoveries, as JSON.
#pragma once

#include <secondwind/admin/sources.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace secondwind::admin {

// How many exchanges run on the host of this name, or wait there.
std::size_t exchanges_on(telemetry::exchange_list& all, std::string_view host);

// What /api/status shows of the live events.
struct event_state {
    std::uint64_t sequence = 0; // of the newest event
    std::size_t subscribers = 0;
    std::string listen{}; // the address of the admin listener; empty: as in the settings
};

// Only reads what is known; sends no request to any host.
class status_documents {
public:
    // All must outlive it. `events` is called for each status.
    status_documents(sources const& sources, std::string run, std::function<event_state()> events);

    // True if the proxy can serve requests: it does not drain, and a host is known to be up that
    // does not drain either.
    bool ready() const;

    std::string status() const;                     // /api/status
    std::string hosts() const;                      // the array of /api/hosts
    std::string host(host::host& host) const;       // one element of it
    std::string recoveries(std::size_t most) const; // the newest ones, as an array

private:
    sources const& sources_;
    std::string run_;
    std::function<event_state()> events_;
    std::chrono::system_clock::time_point const started_;
    std::chrono::steady_clock::time_point const started_monotonic_; // the same moment
};

} // namespace secondwind::admin
