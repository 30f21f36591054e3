#include <secondwind/net/deadline.hpp>

#include <cassert>
#include <ctime>

namespace secondwind::net {

std::chrono::steady_clock::time_point recent_time() {
#ifdef CLOCK_MONOTONIC_COARSE
    timespec tick{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &tick);
    return std::chrono::steady_clock::time_point{std::chrono::seconds{tick.tv_sec} +
                                                 std::chrono::nanoseconds{tick.tv_nsec}};
#else
    return std::chrono::steady_clock::now();
#endif
}

deadline_slot::~deadline_slot() {
    queue_.remove(*this);
}

void deadline::arm(std::chrono::milliseconds span) {
    if (span <= span.zero())
        return disarm();
    assert(slot_.armed_ == nullptr || slot_.armed_ == this);
    slot_.armed_ = this;
    slot_.due_ = slot_.queue_.now_() + span;
    if (!slot_.hook_.is_linked() || slot_.due_ < slot_.place_)
        slot_.queue_.place(slot_);
}

void deadline_queue::place(deadline_slot& slot) {
    if (slot.hook_.is_linked())
        queue_.erase(queue_.iterator_to(slot));
    slot.place_ = slot.due_;
    queue_.insert(slot);
    set_timer();
}

void deadline_queue::remove(deadline_slot& slot) noexcept {
    if (slot.hook_.is_linked())
        queue_.erase(queue_.iterator_to(slot));
    // The timer may now fire once with nothing due. That is cheaper than moving it each time. It is
    // only cancelled when the queue is empty, so that an idle process has no timer and a finished
    // one can end.
    if (queue_.empty() && fires_ != clock::time_point::max()) {
        fires_ = clock::time_point::max();
        timer_.cancel();
    }
}

void deadline_queue::set_timer() {
    auto const first = queue_.begin()->place_;
    if (first >= fires_)
        return;
    fires_ = first;
    timer_.expires_at(first);
    timer_.async_wait([this](boost::system::error_code ec) {
        // Another wait has replaced the cancelled one, or there is nothing left to wait for; the
        // queue itself may already be destroyed.
        if (!ec)
            expire();
    });
}

void deadline_queue::expire() {
    fires_ = clock::time_point::max();
    auto const now = now_();
    while (!queue_.empty() && queue_.begin()->place_ <= now) {
        auto& slot = *queue_.begin();
        queue_.erase(queue_.begin());
        if (slot.armed_ == nullptr)
            continue;          // it stays out until a deadline is armed in it
        if (slot.due_ > now) { // it has moved later since it was put here
            slot.place_ = slot.due_;
            queue_.insert(slot);
            continue;
        }
        auto& due = *std::exchange(slot.armed_, nullptr);
        due.expired_ = true;
        due.on_expiry(); // may destroy both, and place or remove others
    }
    if (!queue_.empty())
        set_timer();
}

} // namespace secondwind::net
