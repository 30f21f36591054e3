// Reloads the configuration while the proxy runs.
#pragma once

#include <secondwind/admin/sources.hpp>
#include <secondwind/config/builder.hpp>
#include <secondwind/config/current_settings.hpp>
#include <secondwind/proxy/server.hpp>

#include <functional>
#include <vector>

namespace secondwind::app {

// A reload is complete or does not happen at all: every step that can fail comes first, then the
// new settings are swapped in. Running exchanges continue as they began.
class reloader {
public:
    // Returns all layers as they are now; throws config::config_error.
    using reader = std::function<config::builder()>;
    // Prepares one part of the program for new settings, and throws if that fails. The function
    // that it returns is called once the settings are in force, and must not fail.
    using part = std::function<std::function<void()>(config::settings const& fresh)>;

    // Both must outlive it; `settings` are the ones that the server uses, and were read as
    // `entries` say. With an empty reader, run() fails with an explanation.
    reloader(config::current_settings& settings, proxy::server& server, reader read,
             std::vector<config::builder::entry> entries)
        : settings_{settings}, server_{server}, read_{std::move(read)}, entries_{
                                                                            std::move(entries)} {}

    // Each key as it was read last, with its source.
    std::vector<config::builder::entry> const& entries() const noexcept { return entries_; }

    // Changes what is read, before it is compared with what is in force.
    void amend_with(std::function<void(config::settings&)> amend) { amend_ = std::move(amend); }

    void add_part(part added) { parts_.push_back(std::move(added)); }

    // Logs the result. Never throws.
    admin::reload_result run();

private:
    admin::reload_result apply();
    void put_in_force(config::settings fresh);

    config::current_settings& settings_;
    proxy::server& server_;
    reader read_;
    std::vector<config::builder::entry> entries_;
    std::function<void(config::settings&)> amend_;
    std::vector<part> parts_;
};

} // namespace secondwind::app
