// The documents and actions below /api/, and the two probes.
#pragma once

#include "message.hpp"
#include "routes.hpp"
#include <secondwind/admin/subject.hpp>
#include <secondwind/net/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

class history;

// What the documents need of the live events.
struct event_state {
    std::uint64_t sequence = 0; // of the newest one
    std::size_t listeners = 0;
    std::string listen{}; // where the admin listener itself is; empty: where the settings say
};

// Knows no socket: whoever is asked has been let in already (see access).
class api {
public:
    // All must outlive it. `events` is asked for each status; `announce` is called with the names
    // of the keys whenever settings were changed here.
    api(subject& what, history const& past, std::string run, std::function<event_state()> events,
        std::function<void(std::vector<std::string> const& changed)> announce);

    // Never throws for anything that a client can send. A HEAD is answered as its GET is: whoever
    // sends the reply leaves the body away.
    net::task<reply> answer(request asked);

    // The snapshot's parts, as JSON: /api/status, the array of /api/hosts without asking any host,
    // one of its elements, and the newest recoveries, at most so many.
    std::string status() const;
    std::string hosts() const;
    std::string host(host::host& one) const;
    std::string recoveries(std::size_t most) const;

private:
    class turn;

    net::task<reply> document(destination where, request asked);
    net::task<reply> act(destination where, request asked);
    net::task<reply> readiness();
    net::task<reply> all_hosts();
    reply search(std::string_view query) const;

    net::task<reply> unload(std::string name, request asked);
    net::task<reply> unload_from(host::host& host, std::string instance_id);
    reply switch_mode(request const& asked);
    reply cancel(std::string_view number, request const& asked);
    reply reload(request const& asked);

    bool ready() const;

    subject& subject_;
    history const& history_;
    std::string run_;
    std::function<event_state()> events_;
    std::function<void(std::vector<std::string> const&)> announce_;
    std::chrono::system_clock::time_point const started_;
    std::chrono::steady_clock::time_point const up_since_; // the same moment, for measuring
};

} // namespace secondwind::admin
