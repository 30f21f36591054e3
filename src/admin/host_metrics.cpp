#include "host_metrics.hpp"
#include <secondwind/host/route_counts.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace secondwind::admin {

namespace {

using policy::verdict;
using recovery::outcome;

// The loaded instances of one model.
struct loaded_model {
    std::uint64_t instances = 0;
    std::uint64_t bytes = 0; // of all of them
};

// By model. A model that the host has listed but not loaded has zero instances.
std::map<std::string, loaded_model> models_of(host::host const& host) {
    std::map<std::string, loaded_model> all;
    auto const& listed = host.view.listed();
    if (!listed)
        return all;
    for (auto const& each : listed->unloaded)
        all[each.key];
    for (auto const& each : listed->instances) {
        auto& model = all[each.model];
        ++model.instances;
        model.bytes += each.size_bytes;
    }
    return all;
}

template<class Enum>
std::string word(std::size_t index) {
    return std::string{to_string(static_cast<Enum>(index))};
}

double listed_at(host::host const& host) {
    auto const& listed = host.view.listed();
    return listed ? std::chrono::duration<double>{listed->at.time_since_epoch()}.count() : 0;
}

void add_models(metric_families& families, host::host_list const& hosts) {
    // The values of a family must follow it, so the models are counted once, before both families.
    std::vector<std::map<std::string, loaded_model>> models;
    models.reserve(hosts.size());
    for (auto const& each : hosts)
        models.push_back(models_of(*each));

    families.gauge("secondwind_host_model_instances",
                   "Loaded instances of each model, when the models were last listed");
    for (std::size_t i = 0; i < hosts.size(); ++i)
        for (auto const& [name, model] : models[i])
            families.add(model.instances, {{"host", hosts[i].name()}, {"model", name}});
    families.gauge("secondwind_host_model_loaded_bytes",
                   "File size of the loaded instances of each model, when the models were last "
                   "listed");
    for (std::size_t i = 0; i < hosts.size(); ++i)
        for (auto const& [name, model] : models[i])
            families.add(model.bytes, {{"host", hosts[i].name()}, {"model", name}});
    families.gauge("secondwind_model_context_tokens",
                   "Of the models that are listed and that the lab has measured: the largest "
                   "context that works (0: none), and the largest that the model declares");
    for (std::size_t i = 0; i < hosts.size(); ++i)
        for (auto const& each : hosts[i].recovery.lab_results) {
            if (!models[i].contains(each.key))
                continue;
            families.add(static_cast<std::uint64_t>(each.works.value_or(0)),
                         {{"host", hosts[i].name()}, {"model", each.key}, {"kind", "works"}});
            if (each.most)
                families.add(static_cast<std::uint64_t>(*each.most),
                             {{"host", hosts[i].name()}, {"model", each.key}, {"kind", "max"}});
        }
    families.gauge("secondwind_host_listed_timestamp_seconds",
                   "When the models of the host were last listed, in seconds since 1970; 0: not "
                   "yet");
    for (auto const& each : hosts)
        families.add(listed_at(*each), {{"host", each->name()}});
}

// Prometheus does not see the rise of a series from absent to one. So the series that can be
// expected exist from the start.
bool is_expected(std::size_t verdict_index, std::size_t outcome_index) {
    auto const trigger = static_cast<verdict>(verdict_index);
    return (policy::for_memory(trigger) || trigger == verdict::cache_corruption ||
            trigger == verdict::model_crash) &&
           static_cast<outcome>(outcome_index) != outcome::pending;
}

void add_ended(metric_families& families, std::string const& host,
               recovery_counts::of_host const& counts) {
    for (std::size_t v = 0; v < recovery_counts::verdicts; ++v) {
        for (std::size_t o = 0; o < recovery_counts::outcomes; ++o) {
            auto const count = counts.ended[v][o];
            if (count > 0 || is_expected(v, o))
                families.add(count, {{"host", host},
                                     {"verdict", std::string{to_string(static_cast<verdict>(v))}},
                                     {"outcome", std::string{to_string(static_cast<outcome>(o))}}});
        }
    }
}

} // namespace

void add_host_metrics(metric_families& families, host::host_list const& hosts) {
    families.gauge("secondwind_host_up", "1 if the host is known to be up, otherwise 0");
    for (auto const& each : hosts)
        families.add(each->view.health().up(), {{"host", each->name()}});
    families.gauge("secondwind_host_state_known", "0 until the state of the host is known");
    for (auto const& each : hosts)
        families.add(each->view.health().state() != host::host_state::unknown,
                     {{"host", each->name()}});
    families.gauge("secondwind_host_draining", "1 while an operator drains the host, otherwise 0");
    for (auto const& each : hosts)
        families.add(each->view.draining(), {{"host", each->name()}});
    families.gauge("secondwind_host_leased", "1 while a lab uses the host alone, otherwise 0");
    for (auto const& each : hosts)
        families.add(each->recovery.lease.held(), {{"host", each->name()}});
    families.counter("secondwind_host_attempts_total",
                     "Attempts to get a response from the host, by its status; none: there was no "
                     "response");
    for (auto const& each : hosts)
        for (auto const& [code, count] : each->attempts.seen())
            families.add(count, {{"host", each->name()},
                                 {"code", code == 0 ? "none" : std::to_string(code)}});
    families.counter("secondwind_host_connect_failures_total",
                     "Failed connection attempts to the host");
    for (auto const& each : hosts)
        families.add(each->pool.connect_failures(), {{"host", each->name()}});
    families.gauge("secondwind_host_connections", "Connections to the host");
    for (auto const& each : hosts) {
        families.add(each->pool.idle(), {{"host", each->name()}, {"state", "idle"}});
        families.add(each->pool.leased(), {{"host", each->name()}, {"state", "leased"}});
    }
    families.gauge("secondwind_host_requests_in_flight", "Requests that the host is serving");
    for (auto const& each : hosts)
        families.add(each->recovery.in_flight.size(), {{"host", each->name()}});
    families.gauge("secondwind_host_at_limit",
                   "1 while the host has as many requests as upstreams[].max_in_flight allows, "
                   "otherwise 0");
    for (auto const& each : hosts)
        families.add(each->recovery.permits.all_given(), {{"host", each->name()}});
    families.gauge(
        "secondwind_host_recovery_unavailable",
        "1 if the host is up but does not list its models or does not permit unloads, so "
        "no recovery can work; otherwise 0");
    for (auto const& each : hosts)
        families.add(!each->view.recovery_unavailable().empty(), {{"host", each->name()}});
    families.gauge("secondwind_host_busy_state_known",
                   "1 if the host said which instances are busy when it was last asked, otherwise "
                   "0");
    for (auto const& each : hosts)
        families.add(each->view.busy_state().known, {{"host", each->name()}});
    add_models(families, hosts);
}

void add_routing_metrics(metric_families& families, telemetry::histogram const& waits,
                         host::host_list const& hosts) {
    families.counter("secondwind_route_choices_total",
                     "Requests that went to the host, by the reason why it was this one");
    for (auto const& each : hosts)
        for (std::size_t r = 0; r < policy::choice_reasons; ++r)
            families.add(each->routed.choices[r],
                         {{"host", each->name()}, {"reason", word<policy::choice_reason>(r)}});
    families.counter("secondwind_moves_total",
                     "Requests that were moved to the host because another one could not serve "
                     "them, by what came of it");
    for (auto const& each : hosts)
        for (std::size_t r = 0; r < host::move_results; ++r)
            families.add(each->routed.moves[r],
                         {{"host", each->name()}, {"result", word<host::move_result>(r)}});
    families
        .histogram("secondwind_route_wait_seconds",
                   "How long requests waited for the model lists of hosts before one was chosen")
        .add(waits);
    families.gauge("secondwind_host_resting",
                   "1 while requests leave the host alone because it could not be reached, "
                   "otherwise 0");
    for (auto const& each : hosts)
        families.add(each->view.resting_until().has_value(), {{"host", each->name()}});
    families.counter("secondwind_cold_loads_total",
                     "Requests that were sent to the host while their model was not loaded there");
    for (auto const& each : hosts)
        families.add(each->recovery.cold_loads, {{"host", each->name()}});
    families.histogram("secondwind_cold_load_seconds",
                       "Time until the first output of requests whose model was not loaded");
    for (auto const& each : hosts)
        families.add(each->recovery.cold_load_times, {{"host", each->name()}});
}

void add_recovery_metrics(metric_families& families, recovery_counts const& counts,
                          host::host_list const& hosts) {
    auto const& all = counts.hosts();
    families.counter("secondwind_recoveries_total",
                     "Recoveries, by the verdict that started them and by the outcome for the "
                     "leading request");
    for (auto const& [host, counted] : all)
        add_ended(families, host, counted);
    families.histogram("secondwind_recovery_duration_seconds",
                       "Time from the start of a recovery to its end, with all its replays");
    for (auto const& [host, counted] : all)
        families.add(counted.durations, {{"host", host}});
    families.histogram("secondwind_recovery_phase_duration_seconds",
                       "Duration of the phases of recoveries");
    for (auto const& [host, counted] : all)
        for (std::size_t p = 0; p < recovery_phases; ++p)
            families.add(counted.phases[p],
                         {{"host", host},
                          {"phase", std::string{to_string(static_cast<recovery_phase>(p))}}});
    families.counter("secondwind_recovery_joined_total",
                     "Requests that failed during a recovery and shared it");
    for (auto const& [host, counted] : all)
        families.add(counted.joined, {{"host", host}});
    families.counter("secondwind_recovery_unloads_total",
                     "Instances that recoveries tried to unload");
    for (auto const& [host, counted] : all) {
        families.add(counted.unloaded, {{"host", host}, {"result", "unloaded"}});
        families.add(counted.unloads_failed, {{"host", host}, {"result", "failed"}});
    }
    families.counter("secondwind_reloads_total",
                     "Instances that were loaded again because a handle of LM Studio's SDK needed "
                     "them");
    for (auto const& each : hosts)
        for (std::size_t o = 0; o < recovery::reload_outcomes; ++o)
            families.add(each->recovery.reloads.counted(static_cast<recovery::reload_outcome>(o)),
                         {{"host", each->name()}, {"outcome", word<recovery::reload_outcome>(o)}});
    families.gauge("secondwind_recovery_running", "1 while a recovery runs on the host");
    for (auto const& each : hosts)
        families.add(each->recovery.guard.recovering(), {{"host", each->name()}});
    families.gauge("secondwind_recovery_waiting", "Requests that wait for the end of a recovery");
    for (auto const& each : hosts)
        families.add(each->recovery.waiting(), {{"host", each->name()}});
}

} // namespace secondwind::admin
