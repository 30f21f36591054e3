#include "support/virtual_time.hpp"

#include <algorithm>

namespace secondwind::test {

namespace {

virtual_time::time_point current;
virtual_time::milliseconds latest{};

} // namespace

virtual_time::virtual_time(boost::asio::io_context& io)
    : io_{io}, deadlines_{io, &virtual_time::now} {
    // So far ahead that the queue's own timer, which is real, never fires.
    current = net::deadline::clock::now() + std::chrono::hours{24 * 365 * 10};
    start_ = current;
    latest = {};
}

void virtual_time::disorder(std::uint64_t seed) {
    dice_.emplace(seed ^ (std::uint64_t{1} << 63));
    latest = milliseconds{3};
}

virtual_time::milliseconds virtual_time::lateness() noexcept {
    return latest;
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

std::vector<std::function<void()>> virtual_time::take_due() {
    std::vector<std::function<void()>> due;
    auto const end = agenda_.upper_bound(current);
    for (auto each = agenda_.begin(); each != end; ++each)
        due.push_back(std::move(each->second));
    agenda_.erase(agenda_.begin(), end);
    return due;
}

void virtual_time::meet_in_any_order() {
    auto due = take_due();
    due.emplace_back([this] { deadlines_.expire(); });
    while (!due.empty()) {
        dice_->shuffle(due);
        for (auto const& event : due) {
            event();
            io_.restart();
            for (int ready = dice_->one_of<int>({0, 0, 1, 2, 4, 1000}); ready > 0; --ready)
                if (io_.poll_one() == 0)
                    break;
        }
        due = take_due();
    }
    settle();
}

void virtual_time::move_to(time_point t) {
    current = t;
    if (dice_) {
        if (dice_->chance(30))
            current += dice_->span(0, static_cast<int>(latest.count()));
        return meet_in_any_order();
    }
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
