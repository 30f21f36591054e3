// How long a host that failed is left alone. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace secondwind::policy {

// Each failure in a row doubles the rest. After it, one request tries the host, and until that has
// succeeded or failed the host rests for all others.
class rest {
public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds first{2};
    static constexpr std::chrono::seconds longest{60};
    // A request that tries the host and of which nothing is heard does not keep others away longer.
    static constexpr std::chrono::seconds longest_trial{10};
    // A host that is back is a little dearer than others for that long, so that it is not flooded.
    static constexpr std::chrono::seconds slow_start{30};

    // A failure within the rest is one of a request that ran at the same time as the one before it:
    // it changes nothing. Otherwise a rest begins, and its length is returned; else 0.
    std::chrono::seconds failed(time_point now) noexcept {
        if (now < until_ && !tried_)
            return {};
        length_ = std::clamp(2 * length_, first, longest);
        until_ = now + length_;
        tried_ = false;
        return length_;
    }
    void worked(time_point now) noexcept {
        if (length_ == length_.zero())
            return;
        *this = {};
        back_ = now;
    }

    bool lasts(time_point now) const noexcept { return now < until_; }
    // When it ends or has ended; far in the past if there was none.
    time_point end() const noexcept { return until_; }
    // The caller's request goes to the host. True if that is the trial of a host that has failed.
    bool use(time_point now) noexcept {
        if (length_ == length_.zero() || lasts(now))
            return false;
        until_ = now + longest_trial;
        tried_ = true;
        return true;
    }

    // When the host came back; far in the past if it never failed.
    time_point back() const noexcept { return back_; }

private:
    std::chrono::seconds length_{0};
    time_point until_ = time_point::min();
    time_point back_ = time_point::min();
    bool tried_ = false;
};

} // namespace secondwind::policy
