// What the admin listener shows and acts on.
#pragma once

#include <secondwind/config/builder.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/host/host_list.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/task.hpp>
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
#include <string_view>
#include <vector>

namespace secondwind::admin {

// How many of the newest lines of the log /api/log shows, and how many bytes of them.
constexpr std::size_t most_log_lines = 1000;
constexpr std::size_t most_log_bytes = 512 * 1024;

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

// A request of an operator to the listener for clients of this process.
struct own_request {
    std::string path;
    std::string body; // JSON
    std::string host; // serves it; empty: the one that is chosen
    // Told of the status and the type of the answer, and of each part of its body as it arrives. If
    // it is set, the body is not kept. Must neither throw nor await.
    std::function<void(int status, std::string_view type, std::string_view data)> on_data{};
    // If it is set, it is what ends the request, for as long as the request runs.
    std::function<void()>* cancel = nullptr;
};

struct own_answer {
    int status = 0;
    std::string body{};
    std::string error{}; // why there is no answer, as a clause
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
    // Each key as the configuration was last read, with its source; empty: it is not known.
    std::function<std::vector<config::builder::entry>()> configuration{};
    // What operators have pinned besides recovery.pinned of the configuration, and how that is
    // changed: in force at once, and kept for the next start. keep_pins() returns why the latter
    // failed, as a clause, or nothing. Empty: nothing can be pinned.
    std::function<std::vector<std::string>()> pins{};
    std::function<std::string(std::vector<std::string>)> keep_pins{};
    // The file in which they are kept; empty: only until the next restart.
    std::function<std::string()> pins_file{};
    // Empty: there is no listener for clients.
    std::function<net::task<own_answer>(own_request)> ask_listener{};
};

} // namespace secondwind::admin
