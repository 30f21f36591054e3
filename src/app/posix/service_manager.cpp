#include "../service_manager.hpp"

#include <secondwind/net/systemd.hpp>

#include <fmt/format.h>

namespace secondwind::app::service_manager {

namespace {

using std::chrono::microseconds;

// After a drain the admin listener is closed and the log is written.
constexpr microseconds shutdown_time = std::chrono::seconds{5};

} // namespace

void ready(std::string_view status) {
    net::systemd::notify(fmt::format("READY=1\nSTATUS={}", status));
}

void reloading() {
    // systemd compares this with its own clock to tell this reload from an earlier one.
    auto const now = std::chrono::steady_clock::now().time_since_epoch();
    net::systemd::notify(
        fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reloading the configuration",
                    std::chrono::duration_cast<microseconds>(now).count()));
}

void stopping(std::string_view status, std::chrono::milliseconds longest) {
    // systemd ignores a time that is shorter than its own.
    auto const timeout = microseconds{longest} + shutdown_time;
    net::systemd::notify(
        fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}\nSTATUS={}", timeout.count(), status));
}

watchdog::watchdog(net::deadline_queue& queue)
    : interval_{std::chrono::duration_cast<std::chrono::milliseconds>(
          net::systemd::watchdog_span() / 2)},
      next_{queue, "watchdog", *this} {
    next_.after(interval_);
}

void watchdog::on_timer() {
    net::systemd::notify("WATCHDOG=1");
    next_.after(interval_);
}

} // namespace secondwind::app::service_manager
