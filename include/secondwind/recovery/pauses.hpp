// Pauses that end when the server stops.
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/timed_wait.hpp>

#include <chrono>

namespace secondwind::recovery {

class pauses {
public:
    // Both must outlive it.
    pauses(boost::asio::io_context& io, net::deadline_queue& deadlines) noexcept
        : deadlines_{deadlines}, stop_{io} {}

    // False if the server stops.
    net::task<bool> pause(std::chrono::milliseconds span) {
        if (!stopped_) {
            net::timed_wait wait{stop_, deadlines_, span};
            co_await wait;
        }
        co_return !stopped_;
    }
    void stop() {
        stopped_ = true;
        stop_.open();
    }
    bool stopped() const noexcept { return stopped_; }

private:
    net::deadline_queue& deadlines_;
    net::gate stop_;
    bool stopped_ = false;
};

} // namespace secondwind::recovery
