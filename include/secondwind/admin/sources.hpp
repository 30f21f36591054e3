// What the admin listener shows and acts on.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/host/host_list.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/recovery/ledger.hpp>
#include <secondwind/recovery/router.hpp>
#include <secondwind/telemetry/history.hpp>
#include <secondwind/telemetry/live_exchange.hpp>
#include <secondwind/telemetry/request_ring.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace secondwind::admin {

// The current state of the data port.
struct proxy_state {
    std::string listen; // "127.0.0.1:1235"
    std::size_t connections = 0;
    std::uint64_t connections_limit = 0;  // limits.connections, or what the descriptors allow
    std::uint64_t replay_buffer_used = 0; // bytes
    bool draining = false;
    std::size_t route_waiting = 0; // requests that wait for a host
};

struct reload_result {
    std::vector<std::string> changed; // the changed keys
    std::string error;                // a complete sentence; then nothing was changed
};

// All references must outlive the admin server.
struct sources {
    boost::asio::io_context& io;
    net::deadline_queue& deadlines;
    config::current_settings& settings; // set_mode replaces them, which takes effect at once
    telemetry::traffic const& traffic;
    telemetry::exchange_list& exchanges;
    telemetry::request_ring const& requests;
    telemetry::history const& history;
    recovery::ledger& ledger;
    host::host_list& hosts;
    recovery::router const& router; // of these hosts
    std::function<proxy_state()> proxy;
    std::function<reload_result()> reload;
    // Keeps what the lab has published of a host, for the next start. Returns why that failed, as a
    // clause, or nothing.
    std::function<std::string(std::string const& host, std::string const& document)> keep_results;
    std::string version; // of this program
};

} // namespace secondwind::admin
