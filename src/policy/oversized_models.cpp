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

void oversized_models::refused(std::string_view model, time_point now,
                               std::chrono::milliseconds cooldown) {
    std::erase_if(entries_, [&](entry const& e) { return e.until <= now || e.model == model; });
    if (cooldown <= cooldown.zero() || model.empty())
        return;
    if (entries_.size() == most)
        entries_.erase(entries_.begin());
    entries_.push_back({std::string{model}, later(now, cooldown)});
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

bool oversized_models::futile(std::string_view model, time_point now) const noexcept {
    return std::ranges::any_of(entries_,
                               [&](entry const& e) { return e.model == model && e.until > now; });
}

} // namespace secondwind::policy
