// What the service manager is told of this process, where systemd runs it with Type=notify
// (sd_notify(3)). Anywhere else, and in a build without libsystemd, nothing happens.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/net/deadline.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace secondwind::app::service_manager {

// What `systemctl status` shows: "Serving 1 host on 127.0.0.1:1235". `at` is where the shared
// listener is.
std::string serving(config::settings const& settings, config::endpoint const& at);
// "Draining 3 connections"
std::string draining(std::size_t connections);

// All listeners are bound, or a reload has ended, whichever way.
void ready(std::string_view status);

// The configuration is about to be read anew; ready() ends that.
void reloading();

// It drains, which takes `at_most`. The manager kills it TimeoutStopSec after it has asked it to
// stop; a drain that may take longer than that is granted a little more than it needs.
void stopping(std::string_view status, std::chrono::milliseconds at_most);

// Says that the event loop turns, twice in each span in which the manager wants to hear it
// (WatchdogSec). It ends with this object.
class watchdog final : net::timer_handler {
public:
    // The queue must outlive it.
    explicit watchdog(net::deadline_queue& queue);

private:
    void on_timer() override;

    std::chrono::milliseconds const interval_; // 0: nobody wants to hear it
    net::timer next_;
};

} // namespace secondwind::app::service_manager
