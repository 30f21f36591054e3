// Where a request goes that was sent to a host before.
#include <secondwind/recovery/router.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::recovery {

using policy::residence;
using policy::seconds;

namespace {

constexpr seconds price_of_doubt{60};

} // namespace

choice router::moved_to(offers&& others) const {
    auto chosen = cheapest(std::move(others));
    chosen.reason = policy::choice_reason::moved;
    return chosen;
}

std::optional<choice> router::choose_instead(wanted_model const& wanted,
                                             host_recovery const& refused,
                                             tried_hosts const& tried) const {
    auto const here = std::ranges::find(hosts_, &refused, &routed_host::recovery);
    auto others = price(wanted, tried);
    if (others.empty() || here == hosts_.end() || best_rests(others))
        return std::nullopt;
    auto const best = others.prices.cheapest;
    if (is_full(others.hosts[best], wanted))
        return std::nullopt;
    lookup fresh;
    auto const room =
        candidate_on(*here->recovery, wanted, *here->upstream, mean_load_rate(), fresh);
    auto stay = policy::price_of(room).total();
    // It was refused, so room is lacking, even if it is not known how much.
    if (room.victims == seconds{} && room.residence != residence::loaded)
        stay += price_of_doubt;
    bool const cheaper =
        !others.candidates[best].refused && others.prices.prices[best].total() < stay;
    return cheaper ? std::optional{moved_to(std::move(others))} : std::nullopt;
}

std::optional<choice> router::choose_after_recovery(wanted_model const& wanted,
                                                    tried_hosts const& hopeless) const {
    auto others = price(wanted, hopeless);
    if (others.empty() || best_rests(others))
        return std::nullopt;
    auto const& best = others.candidates[others.prices.cheapest];
    bool const helps = !best.refused && best.residence != residence::absent;
    return helps ? std::optional{moved_to(std::move(others))} : std::nullopt;
}

std::optional<choice> router::choose_after_failure(wanted_model const& wanted,
                                                   tried_hosts const& tried) const {
    auto others = price(wanted, tried);
    return others.empty() ? std::nullopt : std::optional{moved_to(std::move(others))};
}

std::optional<choice> router::choose_store(wanted_model const& wanted,
                                           tried_hosts const& tried) const {
    auto chosen = choose_after_failure(wanted, tried);
    for (std::size_t i = 0; i < hosts_.size() && !chosen; ++i)
        if (hosts_[i].drains() && hosts_[i].allows(wanted.name) && !hosts_[i].is_one_of(tried))
            chosen = choice{i, policy::choice_reason::moved, {}};
    return chosen;
}

std::optional<choice> router::choose_holder(wanted_model const& wanted,
                                            tried_hosts const& hopeless) const {
    // A host that lists only other models may have it, but would serve the name with one of them.
    auto const may_have = [&](host_models const& models) {
        return !models.known() || models.answered_lately(wanted.name, deadlines_.now()) ||
               models.find(wanted.name, wanted.kind)->match == lmstudio::match::found;
    };
    auto excluded = hopeless;
    for (auto const& each : hosts_)
        if (!may_have(each.recovery->models))
            excluded.push_back(each.recovery);
    auto others = price(wanted, excluded);
    if (others.empty() || best_rests(others))
        return std::nullopt;
    return moved_to(std::move(others));
}

bool router::best_rests(offers const& all) const {
    return hosts_[all.hosts[all.prices.cheapest]].rest->lasts(deadlines_.now());
}

} // namespace secondwind::recovery
