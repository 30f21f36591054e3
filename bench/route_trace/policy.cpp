#include "policy.hpp"

#include <algorithm>

namespace secondwind::bench {

std::vector<routing_policy> const& all_policies() {
    using enum choice_by;
    static std::vector<routing_policy> const all{
        {"round robin", round_robin, false, false},
        {"least connections", least_connections, false, false},
        {"least connections, with the gate", least_connections, true, false},
        {"hash of the model", hash, true, false},
        {"loaded first, in turn", loaded_in_turn, true, false},
        {"loaded first, then least connections", loaded_least, true, false},
        {"secondwind", price},
        {"secondwind without the gate", price, false},
        {"secondwind without moves", price, true, false},
        {"secondwind, load estimates x 4", price, true, true, 4},
        {"secondwind, load estimates / 4", price, true, true, 0.25},
    };
    return all;
}

baseline::baseline(choice_by by, workload const& asked, test::simulated_cluster& cluster)
    : by_{by}, asked_{asked}, cluster_{cluster}, in_flight_(cluster.size()) {}

std::vector<std::size_t> baseline::holders(std::size_t model) const {
    std::vector<std::size_t> hosts;
    for (std::size_t i = 0; i < cluster_.size(); ++i)
        if (asked_.models[model].on[i])
            hosts.push_back(i);
    return hosts;
}

bool baseline::is_loaded(std::size_t host, std::size_t model) {
    auto const& key = asked_.models[model].key;
    auto const& on = cluster_[host].host;
    auto const loading = on.loading();
    return on.serving(key) != nullptr || std::ranges::find(loading, key) != loading.end();
}

std::size_t baseline::next_of(std::vector<std::size_t> const& hosts) {
    return hosts[turn_++ % hosts.size()];
}

// Those that are equally busy take turns.
std::size_t baseline::least_busy(std::vector<std::size_t> const& hosts) {
    auto best = next_of(hosts);
    for (auto const each : hosts)
        if (in_flight_[each] < in_flight_[best])
            best = each;
    return best;
}

std::size_t baseline::choose(std::size_t model) {
    auto const all = holders(model);
    auto loaded = all;
    std::erase_if(loaded, [&](std::size_t host) { return !is_loaded(host, model); });
    auto const rank = [&](std::size_t host) {
        return policy::rendezvous(asked_.models[model].key, asked_.hosts[host].name);
    };
    auto const room = [&](std::size_t host) {
        auto const& on = cluster_[host].host;
        return on.memory() - std::min(on.memory(), on.used());
    };
    std::size_t chosen = 0;
    switch (by_) {
    case choice_by::round_robin:
        chosen = next_of(all);
        break;
    case choice_by::least_connections:
        chosen = least_busy(all);
        break;
    case choice_by::hash:
        chosen = *std::ranges::max_element(all, {}, rank);
        break;
    case choice_by::loaded_in_turn:
        chosen = loaded.empty() ? *std::ranges::max_element(all, {}, room) : next_of(loaded);
        break;
    case choice_by::loaded_least:
    case choice_by::price:
        chosen = least_busy(loaded.empty() ? all : loaded);
        break;
    }
    ++in_flight_[chosen];
    return chosen;
}

} // namespace secondwind::bench
