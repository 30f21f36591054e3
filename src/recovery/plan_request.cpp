#include "plan_request.hpp"

#include <secondwind/policy/memory_requirement.hpp>
#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>

namespace secondwind::recovery {

policy::plan_request plan_basis(host_recovery& host, lmstudio::resolved_model const& wanted,
                                policy::verdict verdict) {
    auto const& settings = host.settings->recovery;
    auto const now = host.deadlines.now();
    policy::plan_request request;
    request.verdict = verdict;
    request.wanted = wanted;
    request.size = host.models.size_of(wanted.key);
    if (policy::is_refusal(verdict) && request.size != 0)
        request.need = request.size;
    request.evict = settings.evict;
    request.evict_named = settings.evict_named;
    request.pinned = &settings.pinned;
    request.most_loaded = host.bounds.most_loaded(now);
    if (policy::is_refusal(verdict)) {
        request.least_refused = host.bounds.least_refused(now);
        request.least_refused_alone = host.bounds.least_refused_alone(now);
    }
    for (auto const& key : host.loading()) {
        request.load_in_flight = true;
        request.loading += host.models.size_of(key);
    }
    return request;
}

void plan_to_fit(policy::plan_request& request) {
    request.least_refused_alone.reset();
    request.stage = policy::stage::everything_idle;
}

policy::plan_request plan_request_for(host_recovery& host, record const& r, policy::stage stage,
                                      bool refused_as_loaded) {
    auto verdict = r.trigger.verdict;
    // It is listed as loaded, and yet it does not work: then it is memory for its work that lacks.
    if (refused_as_loaded && policy::is_refusal(verdict))
        verdict = policy::verdict::insufficient_memory;
    auto request = plan_basis(host, r.wanted, verdict);
    if (auto const named = policy::required_bytes(r.trigger.message))
        request.need = std::max(request.need.value_or(0), *named);
    if (request.size == 0)
        request.size = request.need.value_or(0);
    request.stage = stage;
    if (!r.context && r.trigger.context == policy::context_choice::open &&
        host.fitting_context(r.wanted.key))
        plan_to_fit(request);
    for (auto& each : host.in_flight.claims())
        request.answers = request.answers || (each.possible() && each.answering() &&
                                              host.models.resolve(each).key == r.wanted.key);
    return request;
}

std::vector<policy::loaded_instance> candidates_of(host_recovery& host) {
    auto const now = host.deadlines.now();
    auto const used = host.in_use();
    std::vector<policy::loaded_instance> all;
    for (auto const& each : host.models.all().loaded) {
        auto const* const use = host.models.use_of(each.id);
        bool const fitted = std::ranges::find(host.fitted, each.id) != host.fitted.end();
        all.push_back({each, used.of(each), use != nullptr && use->named,
                       host.is_resident(each, now), fitted});
    }
    return all;
}

} // namespace secondwind::recovery
