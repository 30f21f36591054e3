// The admin listener of a running proxy, as the settings define it.
#pragma once

#include "lab_results_file.hpp"
#include "own_listener.hpp"
#include "pins_file.hpp"
#include "reloader.hpp"
#include <secondwind/admin/server.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/proxy/server.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::app {

// The TLS context of the admin listener; null for plain HTTP. Throws net::tls_error.
net::tls_context_ptr admin_tls(config::admin const& settings);

class admin_endpoint {
public:
    // All must outlive it. `chosen`: the user has set admin.listen, so a failure is fatal.
    admin_endpoint(config::current_settings& settings, proxy::server& server, reloader& reload,
                   bool chosen);

    // Call it after the proxy server has started. If listening fails and the address was chosen,
    // returns why. With the default address it logs a warning instead, and the proxy runs without
    // an admin listener. A probe listener is always chosen. Null `tls`: plain HTTP.
    std::optional<std::string> start(net::tls_context_ptr tls = {});

    // Where it listens; nothing if it does not.
    std::optional<config::endpoint>
    address(admin::audience whose = admin::audience::operators) const;

    // Does the same as the reload action of the admin listener.
    void reload();

    void announce_draining();
    // Stops it; completes when none of its coroutines run any more.
    net::task<void> stop();

private:
    admin::sources sources();
    admin::reload_result reload_all();
    std::optional<std::string> open(admin::server& server, admin::audience whose,
                                    config::endpoint const& listen) const;
    std::function<void()> prepare(config::settings const& fresh);
    void log_addresses() const;

    config::current_settings& settings_;
    proxy::server& server_;
    reloader& reload_;
    lab_results_file results_;
    pins_file pins_;
    own_listener own_;
    bool chosen_;
    std::unique_ptr<admin::server> admin_; // exists from its first listener on
};

} // namespace secondwind::app
