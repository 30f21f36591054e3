// Signs of life for a client whose stream waits for a recovery or its turn (recovery.heartbeat).
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/policy/heartbeat.hpp>

#include <chrono>

namespace secondwind::proxy {

// Calls its owner at each interval.
class heartbeat final : net::timer_handler {
public:
    class owner {
    public:
        // False: there is nothing more to come.
        virtual bool beat() = 0;

    protected:
        ~owner() = default;
    };

    // Both must outlive it.
    heartbeat(net::deadline_queue& queue, owner& exchange, std::chrono::milliseconds interval)
        : timer_{queue, "heartbeat", *this}, owner_{exchange}, interval_{interval} {
        timer_.after(interval_);
    }

private:
    void on_timer() override {
        if (owner_.beat())
            timer_.after(interval_);
    }

    net::timer timer_;
    owner& owner_;
    std::chrono::milliseconds interval_;
};

} // namespace secondwind::proxy
