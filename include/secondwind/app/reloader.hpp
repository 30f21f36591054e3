// Reads the configuration anew while the proxy runs.
#pragma once

#include <secondwind/admin/subject.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/proxy/server.hpp>

#include <functional>
#include <vector>

namespace secondwind::app {

// Whole or not at all: all that can fail is done first, and what then holds is swapped. What runs
// goes on as it began.
class reloader {
public:
    // Returns the settings as the layers have them now; throws config::config_error.
    using reader = std::function<config::settings()>;
    // Makes ready what other settings want of a part, and throws where that fails; what it returns
    // puts it in force, once the settings are, and never fails.
    using part = std::function<std::function<void()>(config::settings const& fresh)>;

    // Both must outlive it; the settings are those that the server goes by. Without a reader
    // (empty) there is nothing to read anew, and run() says so.
    reloader(config::settings& in_force, proxy::server& server, reader read)
        : settings_{in_force}, server_{server}, read_{std::move(read)} {}

    // Has another part reloaded with the server.
    void join(part other) { parts_.push_back(std::move(other)); }

    // Logs what came of it, and never throws.
    admin::reload_result run();

private:
    admin::reload_result apply();
    void take(config::settings&& fresh);

    config::settings& settings_;
    proxy::server& server_;
    reader read_;
    std::vector<part> parts_;
    // Exchanges in flight may still go by these.
    std::vector<std::vector<policy::rule>> retired_;
};

} // namespace secondwind::app
