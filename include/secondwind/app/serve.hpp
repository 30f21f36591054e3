// Runs the proxy until it is told to stop.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/proxy/server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace secondwind::app {

// Ends a server in an orderly way. The first TERM or INT drains: no new connection, idle ones
// closed, requests in flight finished, within timeouts.drain. When that has passed, or on a second
// signal, everything is closed at once.
class lifetime final : net::deadline::listener {
public:
    lifetime(net::asio::io_context& io, proxy::server& server, config::settings const& settings);

    // Completes when the server has stopped after a signal or stop().
    net::task<void> ended();
    // As the first signal does.
    void stop(std::string_view why);

    // A second signal came.
    bool hurried() const noexcept { return hurried_; }

private:
    void await_signal();
    void on_deadline() override;

    proxy::server& server_;
    config::settings const& settings_;
    boost::asio::signal_set signals_;
    net::deadline drain_;
    net::gate asked_;
    bool stopping_ = false;
    bool hurried_ = false;
};

// Returns the process's exit code: 0 after a drain, 1 if it could not listen or was hurried.
int serve(config::settings const& settings);

// Prints a sentence on standard error for a listener that could not start, and returns 1.
int cannot_listen(config::endpoint const& where, boost::system::error_code const& why);

} // namespace secondwind::app
