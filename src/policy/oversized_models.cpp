#include <secondwind/policy/oversized_models.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::policy {
namespace {

oversized_models::time_point later(oversized_models::time_point now,
                                   std::chrono::milliseconds by) noexcept {
    auto const longest = oversized_models::time_point::max() - now;
    return by < std::chrono::duration_cast<std::chrono::milliseconds>(longest)
               ? now + by
               : oversized_models::time_point::max();
}

} // namespace

void oversized_models::failed(std::string_view model, bool exhaustive, time_point now,
                              std::chrono::milliseconds cooldown) {
    // What is over must not make this one futile.
    static_cast<void>(empty(now));
    if (cooldown <= cooldown.zero())
        return;
    if (auto const known = std::ranges::find(entries_, model, &entry::model);
        known != entries_.end()) {
        exhaustive = exhaustive || known->exhaustive;
        entries_.erase(known);
    } else if (entries_.size() == most) {
        entries_.erase(entries_.begin());
    }
    entries_.push_back({std::string{model}, exhaustive, later(now, cooldown)});
}

void oversized_models::succeeded(std::string_view model) {
    std::erase_if(entries_, [model](entry const& e) { return e.model == model; });
}

void oversized_models::listed(std::vector<std::string> const& models) {
    // A host may list the same models in another order, after one of them was used, say.
    auto sorted = models;
    std::ranges::sort(sorted);
    if (models_ && *models_ != sorted)
        entries_.clear();
    models_ = std::move(sorted);
}

bool oversized_models::empty(time_point now) noexcept {
    std::erase_if(entries_, [now](entry const& e) { return e.until <= now; });
    return entries_.empty();
}

oversized_models::standing oversized_models::of(std::string_view model,
                                                time_point now) const noexcept {
    auto const known = std::ranges::find(entries_, model, &entry::model);
    if (known == entries_.end() || known->until <= now)
        return standing::open;
    return known->exhaustive ? standing::futile : standing::everything;
}

} // namespace secondwind::policy
