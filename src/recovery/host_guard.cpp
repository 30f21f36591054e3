#include <secondwind/recovery/host_guard.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::recovery {

bool host_guard::is_target(std::string_view instance_id) const noexcept {
    return gate_ == policy::gate::waiting &&
           std::ranges::find(targets_, instance_id) != targets_.end();
}

void host_guard::wait_for(std::vector<std::string> targets, std::optional<std::uint64_t> need,
                          std::chrono::milliseconds first_window,
                          policy::gate_window::time_point now) {
    gate_ = policy::gate::waiting;
    targets_ = std::move(targets);
    need_ = need;
    if (!window_)
        window_.emplace(first_window, now);
}

bool host_guard::unloaded_since(std::string_view key, std::uint64_t epoch) const noexcept {
    auto const found = unloaded_at_.find(key);
    return found != unloaded_at_.end() && found->second > epoch;
}

void host_guard::end() {
    open();
    progress_.open();
}

void host_guard::open() {
    gate_ = policy::gate::open;
    targets_.clear();
    need_.reset();
    window_.reset();
}

} // namespace secondwind::recovery
