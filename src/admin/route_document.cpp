#include "route_document.hpp"

#include "api_json.hpp"
#include "query.hpp"
#include <secondwind/base/escape.hpp>
#include <secondwind/lmstudio/model_name.hpp>
#include <secondwind/policy/request_facts.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace secondwind::admin {

namespace {

json seconds_json(policy::seconds span) {
    return admin::seconds(span.count());
}

json price_json(policy::price const& price) {
    return {{"queue", seconds_json(price.queue)},       {"load", seconds_json(price.load)},
            {"victims", seconds_json(price.victims)},   {"reread", seconds_json(price.reread)},
            {"handicap", seconds_json(price.handicap)}, {"total", seconds_json(price.total())}};
}

json age_of_listing(host::host const& host) {
    auto const& listed = host.view.listed();
    if (!listed)
        return nullptr;
    policy::seconds const age = std::chrono::system_clock::now() - listed->at;
    return seconds_json(std::max(age, policy::seconds{}));
}

json candidate_json(policy::candidate const& one, policy::price const& price) {
    return {{"host", one.host},
            {"residence", to_string(one.residence)},
            {"refused", one.refused},
            {"in_flight", one.in_flight},
            {"same_model", one.same_model},
            {"slots", one.slots == 0 ? json(nullptr) : json(one.slots)},
            {"pace", one.pace ? seconds_json(*one.pace) : json(nullptr)},
            {"price", price_json(price)}};
}

json choice_json(std::string_view host, policy::choice_reason reason) {
    return {{"host", host}, {"reason", to_string(reason)}};
}

// Where requests go that are not routed by model.
host::host_ptr fixed_host(sources const& from) {
    auto fallback = from.hosts.find(from.settings->default_upstream);
    return fallback ? fallback : host::host_ptr{&from.hosts[0]};
}

} // namespace

std::string read_route_question(std::string_view query, route_question& into) {
    std::vector<query_field> fields;
    auto error = read_query(query, fields);
    if (!error.empty())
        return error;
    for (auto& each : fields) {
        if (each.name == "model")
            into.model = each.value.substr(0, lmstudio::longest_model_name);
        else if (each.name != "path")
            return "Unknown parameter " + in_quotes(each.name) +
                   ". The parameters are model and path.";
        else if (!each.value.starts_with('/'))
            return "The parameter \"path\" must be the path of a request, for example "
                   "/v1/chat/completions, but it is " +
                   in_quotes(each.value) + ".";
        else
            into.path = each.value;
    }
    return {};
}

std::string route_document(sources const& from, route_question const& asked) {
    auto const& router = from.router;
    recovery::wanted_model wanted{asked.model, lmstudio::kind_for(asked.path)};
    // Only those do that are routed by a model, and only POST is asked about.
    wanted.takes_permit =
        policy::traffic_of("POST", asked.path, false) == policy::traffic::completion;
    json chosen;
    bool waits = false;
    auto candidates = json::array();
    auto others = json::array();
    if (router.by_model()) {
        auto const all = router.price(wanted);
        auto const to_ask = router.to_ask(all, wanted);
        for (std::size_t i = 0; i < all.hosts.size(); ++i) {
            auto one = candidate_json(all.candidates[i], all.prices.prices[i]);
            one["listing_age"] = age_of_listing(from.hosts[all.hosts[i]]);
            one["asked_first"] = std::ranges::find(to_ask, i) != to_ask.end();
            one["hindrance"] = text_or_null(router.hindrance(all.hosts[i], wanted));
            candidates.push_back(std::move(one));
        }
        for (std::size_t i = 0; i < from.hosts.size(); ++i)
            if (std::ranges::find(all.hosts, i) == all.hosts.end())
                others.push_back({{"host", from.hosts[i].name()},
                                  {"hindrance", text_or_null(router.hindrance(i, wanted))}});
        if (!all.empty())
            chosen = choice_json(from.hosts[all.hosts[all.prices.cheapest]].name(),
                                 router.reason_for(all));
        waits = router.vacancy_for(wanted) == recovery::vacancy::full;
    } else {
        auto const host = fixed_host(from);
        bool const only = from.hosts.size() == 1;
        chosen = choice_json(host->name(),
                             only ? policy::choice_reason::only : policy::choice_reason::fallback);
        waits = wanted.takes_permit && host->recovery.permits.all_given();
    }
    return to_text({{"model", text_or_null(asked.model)},
                    {"path", asked.path},
                    {"by_model", router.by_model()},
                    {"chosen", std::move(chosen)},
                    {"waits", waits},
                    {"candidates", std::move(candidates)},
                    {"others", std::move(others)}});
}

} // namespace secondwind::admin
