#include "targets.hpp"

#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>

namespace secondwind::recovery {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

std::vector<std::string> busy_targets(policy::plan const& plan) {
    std::vector<std::string> all;
    std::vector<std::string> targets;
    for (auto const& [instance, decision] : plan.considered) {
        if (decision != policy::decision::busy_here && decision != policy::decision::busy_there &&
            decision != policy::decision::resident)
            continue;
        all.push_back(instance.id);
        if (std::ranges::find(plan.targets, instance.id) != plan.targets.end())
            targets.push_back(instance.id);
    }
    return targets.empty() ? all : targets;
}

lmstudio::instance const* still_loaded(policy::plan const& plan,
                                       lmstudio::models const& listed) noexcept {
    auto const left = std::ranges::find_if(plan.victims, [&](lmstudio::instance const& victim) {
        return std::ranges::find(listed.loaded, victim.id, &lmstudio::instance::id) !=
               listed.loaded.end();
    });
    return left == plan.victims.end() ? nullptr : &*left;
}

bool update_window(host_recovery& host, std::vector<std::string> const& targets, bool foreign) {
    auto const now = host.deadlines.now();
    bool idle = false;
    bool settling = false;
    policy::gate_window::traffic running;
    running.newest = host.in_flight.newest();
    running.oldest_on_target = running.newest + 1;
    std::vector<lmstudio::instance const*> instances;
    for (auto const& id : targets) {
        auto const at = std::ranges::find(host.models.all().loaded, id, &lmstudio::instance::id);
        if (at == host.models.all().loaded.end()) {
            idle = true;
            continue;
        }
        bool const resident = host.is_resident(*at, now);
        settling = settling || resident;
        idle = idle || (!host.is_used(*at) && !resident && !foreign);
        instances.push_back(&*at);
    }
    for (auto& each : host.in_flight.claims()) {
        auto const* const served = each.possible() ? host.models.serving(each) : nullptr;
        if (served == nullptr || std::ranges::find(instances, served) == instances.end())
            continue;
        running.oldest_on_target = std::min(running.oldest_on_target, each.number());
        ++running.on_targets;
    }
    if (host.guard.window())
        host.guard.open_window().update(now, !idle && !settling && !targets.empty(), running);
    return idle;
}

std::optional<milliseconds> next_change(host_recovery& host,
                                        std::vector<std::string> const& targets) {
    auto const now = host.deadlines.now();
    std::optional<net::deadline::clock::duration> next;
    auto const sooner = [&next](net::deadline::clock::duration span) {
        next = next ? std::min(*next, span) : span;
    };
    if (auto const& window = host.guard.window(); window && window->holds())
        sooner(window->left(now));
    for (auto const& id : targets) {
        auto const at = std::ranges::find(host.models.all().loaded, id, &lmstudio::instance::id);
        if (at == host.models.all().loaded.end())
            continue;
        if (auto const end = host.residency_end(*at); end && *end > now)
            sooner(*end - now);
        // Requests for it may stop coming before that.
        if (host.is_resident(*at, now) && !host.is_used(*at))
            sooner(250ms);
    }
    if (!next)
        return std::nullopt;
    return std::max(std::chrono::ceil<milliseconds>(*next), milliseconds{1});
}

} // namespace secondwind::recovery
