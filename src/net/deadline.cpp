#include <secondwind/net/deadline.hpp>

namespace secondwind::net {

deadline::~deadline() {
    queue_.remove(*this);
}

void deadline::after(std::chrono::milliseconds span) {
    if (span <= span.zero())
        return clear();
    due_ = queue_.now_() + span;
    if (!hook_.is_linked() || due_ < place_)
        queue_.place(*this);
}

void deadline_queue::place(deadline& d) {
    if (d.hook_.is_linked())
        queue_.erase(queue_.iterator_to(d));
    d.place_ = d.due_;
    queue_.insert(d);
    arm();
}

void deadline_queue::remove(deadline& d) noexcept {
    if (d.hook_.is_linked())
        queue_.erase(queue_.iterator_to(d));
    // The timer may now fire for nothing, once. That is cheaper than moving it each time. Only an
    // empty queue takes it away, so that an idle process has no timer and a finished one can end.
    if (queue_.empty() && armed_ != clock::time_point::max()) {
        armed_ = clock::time_point::max();
        timer_.cancel();
    }
}

void deadline_queue::arm() {
    auto const first = queue_.begin()->place_;
    if (first >= armed_)
        return;
    armed_ = first;
    timer_.expires_at(first);
    timer_.async_wait([this](boost::system::error_code ec) {
        // A cancelled wait was replaced by another one, or there is nothing left to wait for; the
        // queue itself may be gone by now.
        if (!ec)
            expire();
    });
}

void deadline_queue::expire() {
    armed_ = clock::time_point::max();
    auto const now = now_();
    while (!queue_.empty() && queue_.begin()->place_ <= now) {
        auto& d = *queue_.begin();
        queue_.erase(queue_.begin());
        if (d.due_ > now) {
            // It was moved later, or cleared, since it was put here. A cleared one stays out.
            if (d.due_ != clock::time_point::max()) {
                d.place_ = d.due_;
                queue_.insert(d);
            }
            continue;
        }
        d.clear();
        d.listener_.on_deadline(); // may destroy d, and place or remove others
    }
    if (!queue_.empty())
        arm();
}

} // namespace secondwind::net
