#include "support/virtual_time.hpp"

#include <algorithm>

namespace secondwind::test {

namespace {

virtual_time::time_point current;

} // namespace

virtual_time::virtual_time(boost::asio::io_context& io)
    : io_{io}, deadlines_{io, &virtual_time::now} {
    // So far ahead that the queue's own timer, which is real, never fires.
    current = net::deadline::clock::now() + std::chrono::hours{24 * 365 * 10};
    start_ = current;
}

virtual_time::time_point virtual_time::now() noexcept {
    return current;
}

virtual_time::milliseconds virtual_time::elapsed() const noexcept {
    return std::chrono::duration_cast<milliseconds>(current - start_);
}

void virtual_time::after(milliseconds span, std::function<void()> action) {
    agenda_.emplace(current + span, std::move(action));
}

void virtual_time::settle() {
    io_.restart();
    io_.poll();
    if (on_settled)
        on_settled();
}

void virtual_time::move_to(time_point t) {
    current = t;
    deadlines_.expire();
    settle();
    while (!agenda_.empty() && agenda_.begin()->first <= current) {
        auto const action = std::move(agenda_.begin()->second);
        agenda_.erase(agenda_.begin());
        action();
        settle();
    }
}

bool virtual_time::pass_until(std::function<bool()> const& holds, milliseconds at_most) {
    auto const end = current + at_most;
    settle();
    while (!holds()) {
        auto next = deadlines_.next();
        if (!agenda_.empty())
            next = std::min(next, agenda_.begin()->first);
        if (current >= end || next == time_point::max())
            return false;
        move_to(std::clamp(next, current, end));
    }
    return true;
}

void virtual_time::pass(milliseconds span) {
    bool over = false;
    after(span, [&over] { over = true; });
    static_cast<void>(pass_until([&over] { return over; }));
}

} // namespace secondwind::test
