// A blocking connection to the admin listener.
#pragma once

#include "admin_client.hpp"
#include <secondwind/net/stream.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace secondwind::app {

// Runs its own event loop, only while something is awaited. Closing whatever is in use ends every
// wait.
class admin_connection {
public:
    explicit admin_connection(boost::asio::io_context& io) : io_{io}, resolver_{io}, timer_{io} {}

    // Calls `close` when `timeout` has passed. 0: no limit.
    void set_timeout(std::chrono::milliseconds timeout, std::function<void()> close) {
        timed_out_ = false;
        auto const generation = ++generation_;
        timer_.cancel();
        if (timeout.count() == 0)
            return;
        timer_.expires_after(timeout);
        // An expiry may already be queued when the timeout is replaced; its generation is old.
        timer_.async_wait(
            [this, generation, close = std::move(close)](boost::system::error_code ec) {
                if (ec || generation != generation_)
                    return;
                timed_out_ = true;
                resolver_.cancel();
                close();
            });
    }

    template<class Start>
    boost::system::error_code await(Start start) {
        bool done = false;
        boost::system::error_code result;
        start([&](boost::system::error_code ec, auto const&...) {
            result = ec;
            done = true;
        });
        io_.restart();
        while (!done && io_.run_one() != 0) {
        }
        return result;
    }

    // Connects, including the TLS handshake for https. Returns an answer without a failure if that
    // succeeds.
    admin_answer connect(net::stream& socket, admin_address const& address);

    void cancel() {
        resolver_.cancel();
        timer_.cancel();
    }

    bool timed_out() const noexcept { return timed_out_; }

private:
    admin_answer shake_hands(net::stream& socket, admin_address const& address);
    admin_answer unreachable(std::string detail) const;

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::asio::steady_timer timer_;
    unsigned generation_ = 0;
    bool timed_out_ = false;
};

} // namespace secondwind::app
