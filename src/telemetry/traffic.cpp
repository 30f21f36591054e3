#include <secondwind/telemetry/traffic.hpp>

namespace secondwind::telemetry {

std::string_view to_string(phase p) noexcept {
    switch (p) {
    case phase::reading:
        return "reading";
    case phase::queued:
        return "queued";
    case phase::sending:
        return "sending";
    case phase::waiting:
        return "waiting";
    case phase::holding:
        return "holding";
    case phase::recovering:
        return "recovering";
    case phase::relaying:
        return "relaying";
    case phase::tunnel:
        return "tunnel";
    }
    return "reading";
}

std::string_view to_string(skip s) noexcept {
    switch (s) {
    case skip::body_too_large:
        return "body_too_large";
    case skip::budget_full:
        return "budget_full";
    case skip::committed:
        return "committed";
    case skip::cancelled:
        return "cancelled";
    }
    return "committed";
}

std::string_view to_string(blindness b) noexcept {
    switch (b) {
    case blindness::extension:
        return "extension";
    case blindness::protocol:
        return "protocol";
    case blindness::admission:
        return "admission";
    }
    return "admission";
}

std::string_view to_string(operation_end e) noexcept {
    switch (e) {
    case operation_end::complete:
        return "complete";
    case operation_end::error:
        return "error";
    case operation_end::recovered:
        return "recovered";
    case operation_end::cut:
        return "cut";
    }
    return "cut";
}

std::string_view to_string(bad_key b) noexcept {
    switch (b) {
    case bad_key::missing:
        return "missing";
    case bad_key::wrong:
        return "wrong";
    case bad_key::too_many:
        return "too_many";
    }
    return "missing";
}

std::string_view to_string(route_refusal r) noexcept {
    switch (r) {
    case route_refusal::host_draining:
        return "host_draining";
    case route_refusal::route_waiters:
        return "route_waiters";
    case route_refusal::all_busy:
        return "all_busy";
    }
    return "all_busy";
}

void traffic::refused_route(std::string_view rule) noexcept {
    for (std::size_t i = 0; i < telemetry::route_refusals; ++i)
        route_refusals[i] += to_string(static_cast<route_refusal>(i)) == rule;
}

void traffic::ended(finished const& one) {
    auto const route = static_cast<std::size_t>(one.route);
    ++exchanges;
    failed += one.failed;
    errors += one.answered_with_error();
    codes[route][static_cast<std::size_t>(one.method)].add(one.status);
    durations[route].observe(one.seconds);
    if (one.first_byte >= 0)
        first_bytes[route].observe(one.first_byte);
    bytes_in += one.bytes_in;
    bytes_out += one.bytes_out;
    models.ended(one);
}

} // namespace secondwind::telemetry
