#include <secondwind/recovery/dry_run.hpp>

#include "plan_request.hpp"
#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::recovery {

dry_run try_recovery(host_recovery& host, lmstudio::inventory loaded,
                     std::vector<lmstudio::model_on_disk> unloaded, std::string const& model) {
    host.models.listed(std::move(loaded), std::move(unloaded), host.deadlines.now());
    record r;
    r.trigger.model = model;
    r.trigger.verdict = policy::verdict::load_refused;
    r.wanted = lmstudio::find_model(model, host.models.all());

    dry_run result;
    result.wanted = r.wanted;
    result.size = host.models.size_of(r.wanted.key);
    auto const stage = host.settings->recovery.evict == policy::evict::enough
                           ? policy::stage::enough
                           : policy::stage::everything_idle;
    auto candidates = candidates_of(host);
    result.first = policy::make_plan(plan_request_for(host, r, stage, false), candidates);
    auto const goes = [&](policy::loaded_instance const& each) {
        return std::ranges::find(result.first.victims, each.instance.id, &lmstudio::instance::id) !=
               result.first.victims.end();
    };
    std::erase_if(candidates, goes);
    result.second = policy::make_plan(
        plan_request_for(host, r, policy::stage::everything_idle, false), candidates);
    return result;
}

} // namespace secondwind::recovery
