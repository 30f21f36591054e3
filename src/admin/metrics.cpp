#include "metrics.hpp"

#include "host_metrics.hpp"
#include "metric_families.hpp"
#include "model_metrics.hpp"
#include "process_figures.hpp"
#include "recovery_counts.hpp"
#include <secondwind/base/log.hpp>
#include <secondwind/lmstudio/sdk_prefix.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace secondwind::admin {

namespace {

using telemetry::traffic;

std::vector<std::string> names_of(host::host_list const& hosts) {
    return {hosts.names().begin(), hosts.names().end()};
}

std::uint64_t tls_failures_of(host::host_list const& hosts) {
    std::uint64_t sum = 0;
    for (auto const& each : hosts)
        sum += each->pool.tls_failures();
    return sum;
}

double now_in_seconds() {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>{now}.count();
}

template<class Enum>
std::string name_of(std::size_t index) {
    return std::string{to_string(static_cast<Enum>(index))};
}

void add_codes(metric_families& families, traffic const& traffic) {
    for (std::size_t r = 0; r < telemetry::routes; ++r)
        for (std::size_t m = 0; m < telemetry::methods; ++m)
            for (auto const& [code, count] : traffic.codes[r][m].seen())
                families.add(count, {{"route", name_of<telemetry::route>(r)},
                                     {"method", name_of<telemetry::method>(m)},
                                     {"code", code == 0 ? "none" : std::to_string(code)}});
}

void add_by_route(metric_families& families,
                  std::array<telemetry::histogram, telemetry::routes> const& histograms) {
    for (std::size_t r = 0; r < telemetry::routes; ++r)
        families.add(histograms[r], {{"route", name_of<telemetry::route>(r)}});
}

void add_traffic(metric_families& families, traffic const& traffic) {
    families.counter("secondwind_requests_total",
                     "Completed requests, by the status that the client got; 499: the client "
                     "disconnected before the end");
    add_codes(families, traffic);
    families
        .counter("secondwind_requests_failed_total",
                 "Requests without a complete response from a host, although the client stayed "
                 "connected")
        .add(traffic.failed);
    families
        .counter("secondwind_responses_with_error_total",
                 "Complete responses of hosts with an error status")
        .add(traffic.errors);
    families.gauge("secondwind_requests_in_flight", "Requests that are being served")
        .add(traffic.in_flight);
    families.histogram("secondwind_request_duration_seconds",
                       "Time from the arrival of a request to the end of its response");
    add_by_route(families, traffic.durations);
    families.histogram("secondwind_request_first_byte_seconds",
                       "Time from the arrival of a request to the first byte of its response");
    add_by_route(families, traffic.first_bytes);
    families.counter("secondwind_request_bytes_total", "Bytes in the bodies of completed requests")
        .add(traffic.bytes_in);
    families.counter("secondwind_response_bytes_total", "Bytes in completed responses")
        .add(traffic.bytes_out);
    families
        .counter("secondwind_stream_events_total",
                 "Events in streamed responses; LM Studio sends one token per event")
        .add(traffic.stream_events);
    families.counter("secondwind_client_disconnects_total",
                     "Clients that disconnected before the end of their response, by the phase of "
                     "the exchange");
    for (std::size_t p = 0; p < telemetry::phases; ++p)
        families.add(traffic.departures[p], {{"phase", name_of<telemetry::phase>(p)}});
    families.counter("secondwind_client_auth_failures_total",
                     "Requests that were refused because they had no valid API key "
                     "(clients.api_keys)");
    for (std::size_t k = 0; k < telemetry::bad_keys; ++k)
        families.add(traffic.client_refusals[k], {{"reason", name_of<telemetry::bad_key>(k)}});
}

void add_replays(metric_families& families, traffic const& traffic) {
    families
        .counter("secondwind_replays_total",
                 "Replayed requests; failed: the last response was again an error that a recovery "
                 "can fix")
        .add(traffic.replays_recovered, {{"result", "recovered"}})
        .add(traffic.replays_failed, {{"result", "failed"}});
    families.counter("secondwind_replays_skipped_total",
                     "Errors that a recovery can fix, after which the request was not replayed");
    for (std::size_t s = 0; s < telemetry::skips; ++s)
        families.add(traffic.replays_skipped[s], {{"reason", name_of<telemetry::skip>(s)}});
    families
        .histogram("secondwind_recovery_gate_wait_seconds",
                   "How long requests waited that arrived during a recovery on their host")
        .add(traffic.gate_waits);
}

// Of LM Studio's SDKs and of others.
void add_tunnels(metric_families& families, traffic const& traffic) {
    families
        .gauge("secondwind_tunnels",
               "Open WebSockets; watched: the operations of LM Studio's SDK in it are known")
        .add(traffic.tunnels_watched, {{"watched", "yes"}})
        .add(traffic.tunnels - traffic.tunnels_watched, {{"watched", "no"}});
    families.counter("secondwind_tunnel_blind_total",
                     "WebSockets of LM Studio's SDK whose operations are not known, or not any "
                     "more");
    for (std::size_t b = 0; b < telemetry::blindnesses; ++b)
        families.add(traffic.blind_tunnels[b], {{"reason", name_of<telemetry::blindness>(b)}});
    families.counter("secondwind_operations_total",
                     "Operations of LM Studio's SDK that have ended, and how");
    for (std::size_t e = 0; e < telemetry::operation_endpoints; ++e)
        for (std::size_t r = 0; r < telemetry::operation_ends; ++r)
            families.add(traffic.operations[e][r],
                         {{"endpoint", name_of<lmstudio::sdk_endpoint>(e + 1)},
                          {"result", name_of<telemetry::operation_end>(r)}});
}

void add_queue(metric_families& families, traffic const& traffic, std::size_t waiting) {
    families
        .gauge("secondwind_route_waiting",
               "Requests that wait because every host that may serve them is at its limit "
               "(upstreams[].max_in_flight)")
        .add(waiting);
    families
        .histogram("secondwind_route_queue_seconds",
                   "How long requests waited because every host that may serve them was at its "
                   "limit")
        .add(traffic.queue_waits);
    families.counter("secondwind_route_refusals_total",
                     "Requests that got 503 because no host took them");
    for (std::size_t r = 0; r < telemetry::route_refusals; ++r)
        families.add(traffic.route_refusals[r], {{"reason", name_of<telemetry::route_refusal>(r)}});
}

void add_mode(metric_families& families, config::recovery_mode mode) {
    using config::recovery_mode;
    families.gauge("secondwind_recovery_mode", "1 for the current mode (recovery.mode)")
        .add(mode == recovery_mode::on, {{"mode", "on"}})
        .add(mode == recovery_mode::observe, {{"mode", "observe"}})
        .add(mode == recovery_mode::off, {{"mode", "off"}});
}

void add_process(metric_families& families, process_figures const& figures) {
    families.counter("process_cpu_seconds_total", "CPU time of the process")
        .add(figures.cpu_seconds);
    families.gauge("process_resident_memory_bytes", "Resident memory of the process")
        .add(figures.resident_bytes);
    families.gauge("process_virtual_memory_bytes", "Virtual memory of the process")
        .add(figures.virtual_bytes);
    families.gauge("process_open_fds", "Open file descriptors").add(figures.open_fds);
    families.gauge("process_max_fds", "The maximum number of file descriptors")
        .add(figures.max_fds);
    families.gauge("process_start_time_seconds", "Start time of the process, in seconds since 1970")
        .add(figures.start_time);
}

} // namespace

// The ledger shares it, because the last exchanges may still step a recovery after `metrics` has
// been destroyed.
class metrics::tally {
public:
    explicit tally(std::vector<std::string> const& hosts) : recoveries{hosts} {}

    recovery_counts recoveries;
    std::uint64_t reloads = 0;
    std::uint64_t failed_reloads = 0;
    std::uint64_t tls_failures = 0; // of clients of the admin listener
    double const start_time = now_in_seconds();
};

metrics::metrics(sources& sources)
    : sources_{sources}, tally_{std::make_shared<tally>(names_of(sources.hosts))} {
    sources.ledger.observe([tally = tally_](recovery::step step, recovery::record const& record) {
        tally->recoveries.note(step, record);
    });
}

metrics::~metrics() = default;

void metrics::count_tls_failure() noexcept {
    ++tally_->tls_failures;
}

void metrics::count_reload(bool succeeded) {
    ++(succeeded ? tally_->reloads : tally_->failed_reloads);
    tally_->recoveries.keep(names_of(sources_.hosts));
}

std::string metrics::render(std::size_t event_subscribers) const {
    auto const& settings = *sources_.settings;
    auto const proxy = sources_.proxy();
    metric_families families;
    families.gauge("secondwind_build_info", "Always 1; its label contains the version")
        .add(1, {{"version", sources_.version}});
    families
        .gauge("secondwind_start_time_seconds", "Start time of secondwind, in seconds since 1970")
        .add(tally_->start_time);
    families
        .gauge("secondwind_draining",
               "1 while the process is stopping and accepts no new connections")
        .add(proxy.draining);
    families.gauge("secondwind_client_connections", "Connected clients").add(proxy.connections);
    families
        .gauge("secondwind_client_connections_limit",
               "The maximum number of connected clients: limits.connections, or less if there are "
               "too few file descriptors")
        .add(static_cast<double>(proxy.connections_limit));
    add_traffic(families, sources_.traffic);
    add_model_metrics(families, sources_.traffic.models);
    add_host_metrics(families, sources_.hosts);
    add_instance_metrics(families, sources_.hosts);
    add_routing_metrics(families, sources_.traffic.route_waits, sources_.hosts);
    add_queue(families, sources_.traffic, proxy.route_waiting);
    families
        .counter("secondwind_tls_handshake_failures_total",
                 "Failed TLS handshakes with clients or hosts")
        .add(sources_.traffic.tls_failures + tally_->tls_failures, {{"side", "client"}})
        .add(tls_failures_of(sources_.hosts), {{"side", "host"}});
    add_mode(families, settings.recovery.mode);
    add_recovery_metrics(families, tally_->recoveries, sources_.hosts);
    add_replays(families, sources_.traffic);
    add_tunnels(families, sources_.traffic);
    families.gauge("secondwind_replay_buffer_bytes", "Bytes of request bodies kept for replays")
        .add(proxy.replay_buffer_used);
    families
        .gauge("secondwind_replay_buffer_limit_bytes",
               "The maximum of these bytes (limits.replay_buffer_total)")
        .add(settings.limits.replay_buffer_total);
    families.counter("secondwind_log_lines_dropped_total", "Log lines that could not be written")
        .add(log::dropped());
    families.counter("secondwind_config_reloads_total", "Configuration reloads")
        .add(tally_->reloads, {{"result", "applied"}})
        .add(tally_->failed_reloads, {{"result", "failed"}});
    families.gauge("secondwind_event_subscribers", "Connected clients of the live events")
        .add(event_subscribers);
    if (auto const figures = read_process_figures())
        add_process(families, *figures);
    return families.text();
}

} // namespace secondwind::admin
