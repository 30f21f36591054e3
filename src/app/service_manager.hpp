// Notifications to systemd, for a service with Type=notify (sd_notify(3)). Without systemd nothing
// happens.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/net/deadline.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace secondwind::app::service_manager {

// Status texts for `systemctl status`. `endpoint` is the address of the shared listener.
// "Serving 1 host on 127.0.0.1:1235"
std::string serving(config::settings const& settings, config::endpoint const& endpoint);
// "Draining 3 connections"
std::string draining(std::size_t connections);

// All listeners are bound, or a reload has ended, successfully or not.
void ready(std::string_view status);

// A reload begins; ready() ends it.
void reloading();

// A drain begins, which takes at most `longest`. systemd kills the process TimeoutStopSec after it
// has asked it to stop; this extends that time if the drain may take longer.
void stopping(std::string_view status, std::chrono::milliseconds longest);

// Reports that the event loop runs, twice within WatchdogSec, for as long as this object exists.
class watchdog final : net::timer_handler {
public:
    // The queue must outlive it.
    explicit watchdog(net::deadline_queue& queue);

private:
    void on_timer() override;

    std::chrono::milliseconds const interval_; // 0: systemd expects no reports
    net::timer next_;
};

} // namespace secondwind::app::service_manager
