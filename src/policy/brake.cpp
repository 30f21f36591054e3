#include <secondwind/policy/brake.hpp>

#include <algorithm>

namespace secondwind::policy {

bool brake::holds(std::string_view model, verdict v, time_point now,
                  std::chrono::milliseconds cooldown) const noexcept {
    return std::ranges::any_of(entries_, [&](entry const& e) {
        return e.model == model && e.verdict == v && now - e.when < cooldown;
    });
}

void brake::done(std::string_view model, verdict v, time_point now) {
    std::erase_if(entries_, [&](entry const& e) { return e.model == model && e.verdict == v; });
    if (entries_.size() == most)
        entries_.erase(entries_.begin());
    entries_.push_back({std::string{model}, v, now});
}

void brake::answered_well(std::string_view model) {
    std::erase_if(entries_, [&](entry const& e) { return e.model == model; });
}

} // namespace secondwind::policy
