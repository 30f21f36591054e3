#include "service_manager.hpp"
#include "wording.hpp"
#include <secondwind/net/systemd.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace secondwind::app::service_manager {

namespace {

using std::chrono::microseconds;

// For what comes after a drain: the admin listener closes, the log is written.
constexpr microseconds to_end = std::chrono::seconds{5};

} // namespace

std::string serving(config::settings const& settings, config::endpoint const& at) {
    auto status = fmt::format("Serving {} on {}", counted(settings.upstreams.size(), "host"),
                              config::to_string(at));
    auto const own = static_cast<std::uint64_t>(std::ranges::count_if(
        settings.upstreams, [](auto const& each) { return each.listen.has_value(); }));
    if (own > 0)
        status +=
            fmt::format(" and {}", counted(own, "listener of its own", "listeners of their own"));
    return status;
}

std::string draining(std::size_t connections) {
    return "Draining " + counted(connections, "connection");
}

void ready(std::string_view status) {
    net::systemd::notify(fmt::format("READY=1\nSTATUS={}", status));
}

void reloading() {
    // The clock that systemd counts by, so that it can tell this reload from an earlier one.
    auto const now = std::chrono::steady_clock::now().time_since_epoch();
    net::systemd::notify(
        fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reading the configuration anew",
                    std::chrono::duration_cast<microseconds>(now).count()));
}

void stopping(std::string_view status, std::chrono::milliseconds at_most) {
    // Less than what the manager grants anyway changes nothing.
    auto const span = microseconds{at_most} + to_end;
    net::systemd::notify(
        fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}\nSTATUS={}", span.count(), status));
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
