#include "explain_document.hpp"

#include "api_json.hpp"
#include "search_fields.hpp"
#include <secondwind/base/escape.hpp>
#include <secondwind/lmstudio/model_name.hpp>
#include <secondwind/recovery/dry_run.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace secondwind::admin {

namespace {

// What the second plan does with an instance that the first one keeps.
json decision_in(policy::plan const& plan, std::string const& id) {
    for (auto const& each : plan.considered)
        if (each.instance.id == id)
            return policy::to_string(each.decision);
    return nullptr;
}

json host_json(host::host& host, std::string const& model) {
    auto const& listed = host.view.listed();
    auto const& error = host.view.listing_error();
    if (!listed || !error.empty())
        return {{"host", host.name()},
                {"error", text_or_null(error.empty() ? "not listed" : error)},
                {"key", nullptr},
                {"size", nullptr},
                {"reason", nullptr},
                {"second_reason", nullptr},
                {"instances", json::array()}};
    auto const run =
        recovery::try_recovery(host.recovery, listed->instances, listed->unloaded, model);
    auto instances = json::array();
    for (auto const& each : run.first.considered)
        instances.push_back({{"id", each.instance.id},
                             {"model", each.instance.model},
                             {"size_bytes", each.instance.size_bytes},
                             {"decision", policy::to_string(each.decision)},
                             {"second_decision", decision_in(run.second, each.instance.id)}});
    return {{"host", host.name()},
            {"error", nullptr},
            {"key", text_or_null(run.wanted.key)},
            {"size", run.size == 0 ? json(nullptr) : json(run.size)},
            {"reason", policy::to_string(run.first.reason)},
            {"second_reason", policy::to_string(run.second.reason)},
            {"instances", std::move(instances)}};
}

} // namespace

std::string read_explain_question(std::string_view query, sources const& from,
                                  explain_question& into) {
    std::vector<query_field> fields;
    auto error = read_query(query, fields);
    if (!error.empty())
        return error;
    for (auto const& each : fields) {
        if (each.name == "model")
            into.model = each.value.substr(0, lmstudio::longest_model_name);
        else if (each.name != "host")
            return unknown_parameter(each, "model and host");
        else if (!from.hosts.find(each.value))
            return "There is no host " + in_quotes(each.value) +
                   ". `secondwind models` and GET /api/hosts list the hosts.";
        else
            into.host = each.value;
    }
    return {};
}

std::string explain_document(sources const& from, explain_question const& asked) {
    auto hosts = json::array();
    for (auto const& each : from.hosts)
        if (!asked.host || each->name() == *asked.host)
            hosts.push_back(host_json(*each, asked.model));
    auto const mode = recovery_settings_json(from.settings->recovery).at("mode");
    return to_text({{"model", asked.model}, {"mode", mode}, {"hosts", std::move(hosts)}});
}

} // namespace secondwind::admin
