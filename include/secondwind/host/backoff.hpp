// When a call that failed is made again. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace secondwind::host {

// Each failure in a row doubles the pause before the next call.
class backoff {
public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds first_pause{10};
    static constexpr std::chrono::seconds longest_pause{300};

    // Whether the pause is over; true before the first failure.
    bool due(time_point now) const noexcept { return now >= next_; }

    // A failure within the pause is one of a call that ran at the same time as the one before it:
    // it changes nothing.
    void failed(time_point now) noexcept {
        if (!due(now))
            return;
        pause_ = std::clamp(2 * pause_, first_pause, longest_pause);
        next_ = now + pause_;
    }
    void succeeded() noexcept { *this = {}; }

private:
    std::chrono::seconds pause_{0};
    time_point next_ = time_point::min();
};

} // namespace secondwind::host
