// Runs the proxy until it is told to stop.
#pragma once

#include <secondwind/app/admin_door.hpp>
#include <secondwind/app/reloader.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/proxy/server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace secondwind::app {

// Ends a server in an orderly way. The first TERM or INT drains: no new connection, idle ones
// closed, requests in flight finished, within timeouts.drain. When that has passed, or on a second
// signal, everything is closed at once. The admin listener goes on until the server has stopped.
// HUP has the configuration read anew, USR1 goes on in new files of log and ledger.
class lifetime final : net::timer_handler {
public:
    // All must outlive it.
    lifetime(net::asio::io_context& io, proxy::server& server, admin_door& admin,
             config::settings const& settings);

    // Completes when the server has stopped after a signal or stop().
    net::task<void> ended();
    // As the first signal does.
    void stop(std::string_view why);

    // A second signal came.
    bool hurried() const noexcept { return hurried_; }

private:
    void await_signal();
    void await_hang_up();
    void await_rotation();
    void reopen_files();
    void on_timer() override;

    proxy::server& server_;
    admin_door& admin_;
    config::settings const& settings_;
    boost::asio::signal_set signals_;
    boost::asio::signal_set hang_up_;
    boost::asio::signal_set rotation_;
    net::timer drain_;
    net::gate asked_;
    bool stopping_ = false;
    bool hurried_ = false;
};

// Returns the process's exit code: 0 after a drain, 1 if it was hurried. Throws
// proxy::listen_error.
// `admin_chosen`: somebody has set admin.listen. `read_again` returns the settings anew, for a
// reload; it throws config::config_error, and so does this where the files for TLS are of no use.
int serve(config::settings settings, bool admin_chosen, reloader::reader read_again);

// Ends a server that has started for nothing, and returns 1.
int abandon(proxy::server& server, net::asio::io_context& io);

} // namespace secondwind::app
