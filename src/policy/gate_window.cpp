#include <secondwind/policy/gate_window.hpp>

#include <algorithm>

namespace secondwind::policy {

void gate_window::update(time_point now, bool counts, traffic const& running) noexcept {
    if (open_) {
        if (running.oldest_on_target <= oldest_)
            return;
        open_ = false;
        length_ = std::max(length_, std::min<duration>(length_ * 2, longest));
        end_ = length_;
        used_ = {};
    } else if (counting_) {
        used_ += now - since_;
        if (running.on_targets < on_targets_)
            end_ = std::max(end_, used_ + std::min<duration>(first_ * 4, longest));
    }
    on_targets_ = running.on_targets;
    since_ = now;
    counting_ = counts;
    if (!counts || used_ < end_)
        return;
    open_ = true;
    oldest_ = std::min(running.newest, running.oldest_on_target);
}

gate_window::duration gate_window::left(time_point now) const noexcept {
    auto const used = used_ + (counting_ ? now - since_ : duration::zero());
    return std::max(end_ - used, duration::zero());
}

} // namespace secondwind::policy
