// Reads the configuration anew while the proxy runs.
#pragma once

#include <secondwind/admin/subject.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/proxy/server.hpp>

#include <functional>
#include <vector>

namespace secondwind::app {

// Whole or not at all: what cannot be used, or would need a restart, changes nothing.
class reloader {
public:
    // Returns the settings as the layers have them now; throws config::config_error.
    using reader = std::function<config::settings()>;

    // Both must outlive it; the settings are those that the server goes by. Without a reader
    // (empty) there is nothing to read anew, and run() says so.
    reloader(config::settings& in_force, proxy::server& server, reader read)
        : settings_{in_force}, server_{server}, read_{std::move(read)} {}

    // Logs what came of it, and never throws.
    admin::reload_result run();

private:
    admin::reload_result apply();
    void take(config::settings&& fresh);

    config::settings& settings_;
    proxy::server& server_;
    reader read_;
    // Exchanges in flight may still go by these.
    std::vector<std::vector<policy::rule>> retired_;
};

} // namespace secondwind::app
