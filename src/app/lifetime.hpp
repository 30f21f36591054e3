// From a signal to the end of the process.
#pragma once

#include "admin_endpoint.hpp"
#include <secondwind/config/config.hpp>
#include <secondwind/proxy/server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <string_view>

namespace secondwind::app {

// The first TERM or INT drains the server: it accepts no new connections, closes idle ones, and
// finishes running requests within timeouts.drain. After that time, or on a second signal, it
// closes everything at once. The admin listener runs until the server has stopped. HUP reloads the
// configuration, USR1 reopens the log file and the ledger.
class lifetime final : net::timer_handler {
public:
    // All must outlive it.
    lifetime(net::asio::io_context& io, proxy::server& server, admin_endpoint& admin,
             config::current_settings const& settings);

    // Completes when the server has stopped, after a signal or stop().
    net::task<void> ended();
    // Does the same as the first signal.
    void stop(std::string_view reason);

    // A second signal arrived.
    bool forced() const noexcept { return forced_; }

private:
    void await_stop_signal();
    void await_reload_signal();
    void await_reopen_signal();
    void reopen_files();
    void on_timer() override;

    proxy::server& server_;
    admin_endpoint& admin_;
    config::current_settings const& settings_;
    boost::asio::signal_set stop_signals_;
    boost::asio::signal_set reload_signal_;
    boost::asio::signal_set reopen_signal_;
    net::timer drain_;
    net::gate stop_requested_;
    bool stopping_ = false;
    bool forced_ = false;
};

} // namespace secondwind::app
