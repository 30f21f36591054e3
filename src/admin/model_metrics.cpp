#include "model_metrics.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace secondwind::admin {

namespace {

using changes_by_model = std::map<std::string, host::instance_changes::counts>;

// Prometheus does not see the rise of a series from absent to one, so all models that are listed
// have one.
changes_by_model changes_of(host::host const& host) {
    auto all = host.view.changes().by_model();
    if (auto const& listed = host.view.listed()) {
        for (auto const& each : listed->instances)
            all.try_emplace(each.model);
        for (auto const& each : listed->unloaded)
            all.try_emplace(each.key);
    }
    return all;
}

} // namespace

void add_model_metrics(metric_families& families, telemetry::model_counts const& counts) {
    families.counter("secondwind_model_requests_total",
                     "Requests for the model that have ended, by the host that served them");
    for (auto const& each : counts.all())
        families.add(each.requests, {{"host", each.host}, {"model", each.model}});
    families.counter("secondwind_model_errors_total",
                     "Those that ended with an error, by the verdict on the response, or by how "
                     "they ended without a complete one");
    for (auto const& each : counts.all())
        for (auto const& [reason, count] : each.errors)
            families.add(
                count,
                {{"host", each.host}, {"model", each.model}, {"reason", std::string{reason}}});
    families.histogram("secondwind_model_first_byte_seconds",
                       "Time from the arrival of a request for the model to the first byte of its "
                       "response; only requests without an error");
    for (auto const& each : counts.all())
        families.add(each.first_bytes, {{"host", each.host}, {"model", each.model}});
    families.counter("secondwind_model_tokens_total",
                     "Tokens of the model's prompts and generated tokens, as the responses tell "
                     "them");
    for (auto const& each : counts.all()) {
        families.add(each.tokens_in,
                     {{"host", each.host}, {"model", each.model}, {"kind", "prompt"}});
        families.add(each.tokens_out,
                     {{"host", each.host}, {"model", each.model}, {"kind", "generated"}});
    }
}

void add_instance_metrics(metric_families& families, host::host_list const& hosts) {
    // The values of a family must follow it, so the changes are gathered once, before both.
    std::vector<changes_by_model> changes;
    changes.reserve(hosts.size());
    for (auto const& each : hosts)
        changes.push_back(changes_of(*each));
    families.counter("secondwind_host_model_loads_total",
                     "Instances of the model that a list of the host had and the one before had "
                     "not");
    for (std::size_t i = 0; i < hosts.size(); ++i)
        for (auto const& [model, counts] : changes[i])
            families.add(counts.loads, {{"host", hosts[i].name()}, {"model", model}});
    families.counter("secondwind_host_model_unloads_total",
                     "Instances of the model that a list of the host had not any more");
    for (std::size_t i = 0; i < hosts.size(); ++i)
        for (auto const& [model, counts] : changes[i])
            families.add(counts.unloads, {{"host", hosts[i].name()}, {"model", model}});
}

} // namespace secondwind::admin
