// How the operator's verbs connect.
#pragma once

#include <secondwind/app/admin_client.hpp>
#include <secondwind/net/stream.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace secondwind::app {

// A connection, and a loop of its own that turns only while something is awaited. Whoever cancels
// closes what is in use, which ends every wait.
class line {
public:
    explicit line(boost::asio::io_context& io) : io_{io}, resolver_{io}, bound_{io} {}

    // From now on; 0 bounds nothing.
    void within(std::chrono::milliseconds bound, std::function<void()> cancel) {
        expired_ = false;
        auto const turn = ++turn_;
        bound_.cancel();
        if (bound.count() == 0)
            return;
        bound_.expires_after(bound);
        // The turn tells an expiry that was on its way when the bound was moved.
        bound_.async_wait([this, turn, stop = std::move(cancel)](boost::system::error_code ec) {
            if (ec || turn != turn_)
                return;
            expired_ = true;
            resolver_.cancel();
            stop();
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

    // Connects, and shakes hands where TLS is spoken. No fault: all is well.
    admin_answer connect(net::stream& socket, admin_address const& to);

    void cancel() {
        resolver_.cancel();
        bound_.cancel();
    }

    bool expired() const noexcept { return expired_; }

private:
    admin_answer shake_hands(net::stream& socket, admin_address const& to);
    admin_answer unreachable(std::string why) const;

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::asio::steady_timer bound_;
    unsigned turn_ = 0;
    bool expired_ = false;
};

} // namespace secondwind::app
