#include "metrics.hpp"

#include "metrics_parts.hpp"

#include <secondwind/base/log.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace secondwind::admin {

namespace {

std::vector<std::string> names_of(host::host_list const& all) {
    return {all.names().begin(), all.names().end()};
}

std::uint64_t tls_failures_of(host::host_list const& all) {
    std::uint64_t sum = 0;
    for (auto const& each : all)
        sum += each->pool.tls_failures();
    return sum;
}

double now_in_seconds() {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>{now}.count();
}

void add_mode(family_list& to, config::recovery_mode mode) {
    using config::recovery_mode;
    to.gauge("secondwind_recovery_mode", "1 for the mode that is in force (recovery.mode)")
        .add(mode == recovery_mode::on, {{"mode", "on"}})
        .add(mode == recovery_mode::observe, {{"mode", "observe"}})
        .add(mode == recovery_mode::off, {{"mode", "off"}});
}

} // namespace

// The ledger may speak when the metrics are gone: it is told of by the last exchanges.
class metrics::tally {
public:
    explicit tally(std::vector<std::string> const& hosts) : recoveries{hosts} {}

    recovery_counts recoveries;
    std::uint64_t reloads = 0;
    std::uint64_t reloads_refused = 0;
    std::uint64_t tls_failures = 0; // of the admin listener's own clients
    double const start_time = now_in_seconds();
};

metrics::metrics(subject& what)
    : subject_{what}, tally_{std::make_shared<tally>(names_of(what.hosts))} {
    what.ledger.observe([counts = tally_](recovery::step s, recovery::record const& r) {
        counts->recoveries.note(s, r);
    });
}

metrics::~metrics() = default;

void metrics::tls_failed() noexcept {
    ++tally_->tls_failures;
}

void metrics::reloaded(bool well) {
    ++(well ? tally_->reloads : tally_->reloads_refused);
    tally_->recoveries.keep(names_of(subject_.hosts));
}

std::string metrics::render(std::size_t event_listeners) const {
    auto const& settings = subject_.settings;
    auto const proxy = subject_.proxy();
    family_list all;
    all.gauge("secondwind_build_info", "Always 1; its label tells the version")
        .add(1, {{"version", subject_.version}});
    all.gauge("secondwind_start_time_seconds", "When it was started, in seconds since 1970")
        .add(tally_->start_time);
    all.gauge("secondwind_draining", "1 once it takes no new connections, because it stops")
        .add(proxy.draining);
    all.gauge("secondwind_client_connections", "Clients that are connected").add(proxy.connections);
    all.gauge("secondwind_client_connections_limit", "How many there may be (limits.connections)")
        .add(settings.limits.connections);
    add_traffic(all, subject_.traffic);
    add_hosts(all, subject_.hosts);
    all.counter("secondwind_tls_handshake_failures_total",
                "TLS handshakes that came to nothing, by who was on the other side")
        .add(subject_.traffic.tls_failures + tally_->tls_failures, {{"side", "client"}})
        .add(tls_failures_of(subject_.hosts), {{"side", "host"}});
    add_mode(all, settings.recovery.mode);
    add_recoveries(all, tally_->recoveries, subject_.hosts);
    add_replays(all, subject_.traffic);
    all.gauge("secondwind_replay_buffer_bytes", "Bytes of request bodies kept for replays")
        .add(proxy.replay_buffer_used);
    all.gauge("secondwind_replay_buffer_limit_bytes",
              "How many there may be (limits.replay_buffer_total)")
        .add(settings.limits.replay_buffer_total);
    all.counter("secondwind_log_lines_dropped_total", "Log lines that could not be written")
        .add(log::dropped());
    all.counter("secondwind_config_reloads_total", "Attempts to read the configuration anew")
        .add(tally_->reloads, {{"result", "applied"}})
        .add(tally_->reloads_refused, {{"result", "refused"}});
    all.gauge("secondwind_event_subscribers", "Listeners of the live events").add(event_listeners);
    if (auto const figures = read_process_figures())
        add_process(all, *figures);
    return all.text();
}

void add_process(family_list& to, process_figures const& now) {
    to.counter("process_cpu_seconds_total", "Time that the process has spent on a CPU")
        .add(now.cpu_seconds);
    to.gauge("process_resident_memory_bytes", "Memory that the process holds")
        .add(now.resident_bytes);
    to.gauge("process_virtual_memory_bytes", "Addresses that the process has reserved")
        .add(now.virtual_bytes);
    to.gauge("process_open_fds", "Open descriptors").add(now.open_fds);
    to.gauge("process_max_fds", "How many there may be").add(now.max_fds);
    to.gauge("process_start_time_seconds", "When the process was started, in seconds since 1970")
        .add(now.start_time);
}

} // namespace secondwind::admin
