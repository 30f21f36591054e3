#include "../service_manager.hpp"

#include "service_control.hpp"

namespace secondwind::app::service_manager {

void ready(std::string_view) {
    service_control::report(service_control::state::running);
}

void reloading() {} // it runs on

void stopping(std::string_view, std::chrono::milliseconds longest) {
    constexpr std::chrono::milliseconds shutdown_time = std::chrono::seconds{5};
    service_control::report(service_control::state::stopping, longest + shutdown_time);
}

// The service control manager expects no reports.
watchdog::watchdog(net::deadline_queue& queue) : interval_{0}, next_{queue, "watchdog", *this} {}

void watchdog::on_timer() {}

} // namespace secondwind::app::service_manager
