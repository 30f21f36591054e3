#include "metrics_parts.hpp"

#include <cstddef>
#include <string>

namespace secondwind::admin {

namespace {

template<class Enum>
std::string name_of(std::size_t index) {
    return std::string{to_string(static_cast<Enum>(index))};
}

std::string code_name(int code) {
    return code == 0 ? "none" : std::to_string(code);
}

void add_codes(family_list& to, telemetry::traffic const& now) {
    for (std::size_t r = 0; r < telemetry::routes; ++r)
        for (std::size_t m = 0; m < telemetry::methods; ++m)
            for (auto const& [code, n] : now.codes[r][m].seen())
                to.add(n, {{"route", name_of<telemetry::route>(r)},
                           {"method", name_of<telemetry::method>(m)},
                           {"code", code_name(code)}});
}

void add_by_route(family_list& to,
                  std::array<telemetry::histogram, telemetry::routes> const& seen) {
    for (std::size_t r = 0; r < telemetry::routes; ++r)
        to.add(seen[r], {{"route", name_of<telemetry::route>(r)}});
}

} // namespace

void add_traffic(family_list& to, telemetry::traffic const& now) {
    to.counter("secondwind_requests_total",
               "Requests that have ended, by the status that the client got; 499: it left before");
    add_codes(to, now);
    to.counter("secondwind_requests_failed_total",
               "Requests that ended neither with the whole answer of a host nor by their client's "
               "leaving")
        .add(now.failed);
    to.gauge("secondwind_requests_in_flight", "Requests that are being served").add(now.in_flight);
    to.histogram("secondwind_request_duration_seconds",
                 "From a request's arrival to the end of its answer");
    add_by_route(to, now.durations);
    to.histogram("secondwind_request_first_byte_seconds",
                 "From a request's arrival to the first byte of its answer");
    add_by_route(to, now.first_bytes);
    to.counter("secondwind_request_bytes_total", "Bytes of the bodies of requests that have ended")
        .add(now.bytes_in);
    to.counter("secondwind_response_bytes_total", "Bytes of answers that have ended")
        .add(now.bytes_out);
    to.counter("secondwind_stream_events_total",
               "Events of streamed answers; with LM Studio each is one token")
        .add(now.stream_events);
    to.counter("secondwind_client_disconnects_total",
               "Clients that left before the end of their answer, by where the exchange stood");
    for (std::size_t p = 0; p < telemetry::phases; ++p)
        to.add(now.departures[p], {{"phase", name_of<telemetry::phase>(p)}});
    to.counter("secondwind_client_auth_failures_total",
               "Requests that were refused for want of a good API key (clients.api_keys)");
    for (std::size_t k = 0; k < telemetry::bad_keys; ++k)
        to.add(now.client_refusals[k], {{"reason", name_of<telemetry::bad_key>(k)}});
}

void add_replays(family_list& to, telemetry::traffic const& now) {
    to.counter("secondwind_replays_total",
               "Replays, by whether their answer was one that a recovery could cure")
        .add(now.replays_recovered, {{"result", "recovered"}})
        .add(now.replays_failed, {{"result", "failed"}});
    to.counter("secondwind_replays_skipped_total",
               "Curable errors that were not followed by a replay of the request");
    for (std::size_t s = 0; s < telemetry::skips; ++s)
        to.add(now.replays_skipped[s], {{"reason", name_of<telemetry::skip>(s)}});
    to.histogram("secondwind_recovery_gate_wait_seconds",
                 "How long requests waited that came while their host was being recovered")
        .add(now.gate_waits);
}

} // namespace secondwind::admin
