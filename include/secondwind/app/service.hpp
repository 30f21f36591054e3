// The proxy and what runs beside it: the admin listener, reloads and signals.
#pragma once

#include <secondwind/config/builder.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/config/current_settings.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/server.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::app {

class service {
public:
    // Returns all layers of the settings as they are now; throws config::config_error.
    using reader = std::function<config::builder()>;

    // Both must outlive it. `admin_chosen`: the user has set admin.listen, so a failure to listen
    // there is fatal. With an empty reader, a reload fails with an explanation. `entries` say where
    // each value of the settings comes from.
    service(net::asio::io_context& io, config::current_settings& settings, bool admin_chosen,
            reader read_settings, std::vector<config::builder::entry> entries);
    service(service const&) = delete;
    service& operator=(service const&) = delete;
    ~service();

    // Listens, and handles signals from now on: the first TERM or INT drains, a second one stops at
    // once, HUP reloads the configuration, USR1 reopens files. If the admin listener cannot listen,
    // returns why; then abandon() must follow. Throws proxy::listen_error, and net::tls_error if a
    // TLS file cannot be used.
    std::optional<std::string> start();
    // Runs the event loop until the proxy has stopped.
    void abandon();

    proxy::server& server() noexcept;
    // Where the admin listener listens; nothing if it does not.
    std::optional<config::endpoint> admin_address() const;

    // After start(). Completes when everything has stopped, after a signal or stop().
    net::task<void> ended();
    // Does the same as the first signal.
    void stop(std::string_view reason);
    // A second signal arrived.
    bool forced() const noexcept;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

} // namespace secondwind::app
