#include <secondwind/policy/misfits.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::policy {
namespace {

misfits::time_point later(misfits::time_point now, std::chrono::milliseconds by) noexcept {
    auto const most = misfits::time_point::max() - now;
    return by < std::chrono::duration_cast<std::chrono::milliseconds>(most)
               ? now + by
               : misfits::time_point::max();
}

} // namespace

void misfits::failed(std::string_view model, bool exhaustive, time_point now,
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

void misfits::succeeded(std::string_view model) {
    std::erase_if(entries_, [model](entry const& e) { return e.model == model; });
}

void misfits::listed(std::vector<std::string> const& models) {
    // A host may list the same models in another order, after one of them was used, say.
    auto sorted = models;
    std::ranges::sort(sorted);
    if (models_ && *models_ != sorted)
        entries_.clear();
    models_ = std::move(sorted);
}

bool misfits::empty(time_point now) noexcept {
    std::erase_if(entries_, [now](entry const& e) { return e.until <= now; });
    return entries_.empty();
}

misfits::standing misfits::of(std::string_view model, time_point now) const noexcept {
    auto const known = std::ranges::find(entries_, model, &entry::model);
    if (known == entries_.end() || known->until <= now)
        return standing::open;
    return known->exhaustive ? standing::futile : standing::everything;
}

} // namespace secondwind::policy
