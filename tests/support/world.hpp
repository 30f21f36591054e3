// The proxy in front of a host, in one io_context with the test.
#pragma once

#include "support/changeable_settings.hpp"
#include "support/deadline_law.hpp"
#include "support/raw_client.hpp"
#include "support/run.hpp"

#include <secondwind/proxy/server.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace secondwind::test {

//     world w;
//     emulator::server host{w.io, options};
//     host.start();
//     w.start(host.port());
//     run(w.io, story());
class world {
public:
    world() {
        settings.listen.port = 0;
        // However slow a test runs, what it expects to be held is held.
        settings.limits.hold_time = std::chrono::minutes{1};
    }
    ~world() { stop(); }

    // Starts the proxy in front of that loopback port. Change `settings` before the call.
    void start(std::uint16_t host_port) {
        settings.upstreams.front() = {"host", "127.0.0.1", host_port};
        proxy.emplace(io, in_force);
        proxy->start();
        law.emplace(*proxy);
    }
    std::uint16_t port() const { return proxy->local_endpoint().port(); }

    // Ends all sessions; everything that the test still holds must release them.
    void stop();

    boost::asio::io_context io{1};
    changeable_settings in_force;
    config::settings& settings = in_force.values();
    std::optional<secondwind::proxy::server> proxy;
    std::optional<deadline_law> law;
};

} // namespace secondwind::test
