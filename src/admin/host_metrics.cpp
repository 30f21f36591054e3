#include "metrics_parts.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace secondwind::admin {

namespace {

using hosts = host::host_list;

// What a host has of one model.
struct holding {
    std::uint64_t instances = 0;
    std::uint64_t bytes = 0; // of all of them
};

// By model: those that the host has listed, loaded or not.
std::map<std::string, holding> holdings_of(host::host const& h) {
    std::map<std::string, holding> all;
    auto const& listed = h.view.listed();
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

double listed_at(host::host const& h) {
    auto const& listed = h.view.listed();
    return listed ? std::chrono::duration<double>{listed->at.time_since_epoch()}.count() : 0;
}

void add_models(family_list& to, hosts const& all) {
    // A family's values follow it, so what they have in common is gathered first.
    std::vector<std::map<std::string, holding>> found;
    found.reserve(all.size());
    for (auto const& each : all)
        found.push_back(holdings_of(*each));

    to.gauge("secondwind_host_model_instances",
             "Loaded instances of each model that the host has, at its last listing");
    for (std::size_t i = 0; i < all.size(); ++i)
        for (auto const& [model, has] : found[i])
            to.add(has.instances, {{"host", all[i].name()}, {"model", model}});
    to.gauge("secondwind_host_model_loaded_bytes",
             "Size of the loaded instances of each model that the host has, at its last listing");
    for (std::size_t i = 0; i < all.size(); ++i)
        for (auto const& [model, has] : found[i])
            to.add(has.bytes, {{"host", all[i].name()}, {"model", model}});
    to.gauge("secondwind_host_listed_timestamp_seconds",
             "When the host last told its models, in seconds since 1970; 0: not yet");
    for (auto const& each : all)
        to.add(listed_at(*each), {{"host", each->name()}});
}

} // namespace

void add_hosts(family_list& to, hosts const& all) {
    to.gauge("secondwind_host_up", "1 if the host is known to be up, else 0");
    for (auto const& each : all)
        to.add(each->view.health().up(), {{"host", each->name()}});
    to.gauge("secondwind_host_state_known",
             "0 until something was seen of the host: nobody has asked it for anything yet");
    for (auto const& each : all)
        to.add(each->view.health().state() != host::host_state::unknown, {{"host", each->name()}});
    to.counter("secondwind_host_attempts_total",
               "Attempts to have a host answer, by its answer's status; none: there was no answer");
    for (auto const& each : all) {
        for (auto const& [code, n] : each->attempts.seen())
            to.add(n,
                   {{"host", each->name()}, {"code", code == 0 ? "none" : std::to_string(code)}});
    }
    to.counter("secondwind_host_connect_failures_total", "Connects to the host that failed");
    for (auto const& each : all)
        to.add(each->pool.connect_failures(), {{"host", each->name()}});
    to.gauge("secondwind_host_connections", "Connections to the host");
    for (auto const& each : all) {
        to.add(each->pool.idle(), {{"host", each->name()}, {"state", "idle"}});
        to.add(each->pool.leased(), {{"host", each->name()}, {"state", "leased"}});
    }
    to.gauge("secondwind_host_requests_in_flight", "Requests that the host is serving");
    for (auto const& each : all)
        to.add(each->recovery.in_flight.size(), {{"host", each->name()}});
    add_models(to, all);
}

} // namespace secondwind::admin
