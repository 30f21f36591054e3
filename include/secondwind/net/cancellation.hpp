// Ends early what one side awaits, from another side.
#pragma once

#include <functional>
#include <utility>

namespace secondwind::net {

// It must outlive the work that it can end. What a cancelled piece of work returns is its own
// matter; it may still succeed.
class cancellation {
public:
    cancellation() = default;
    cancellation(cancellation const&) = delete;
    cancellation& operator=(cancellation const&) = delete;

    // The first call ends the work, or will: work that begins later ends at once.
    void cancel() {
        if (std::exchange(requested_, true))
            return;
        if (act_)
            act_();
    }
    bool requested() const noexcept { return requested_; }

    // What cancel() calls, as long as this object lives. One at a time.
    class [[nodiscard]] action {
    public:
        action(cancellation& by, std::function<void()> act) : by_{by} { by_.act_ = std::move(act); }
        ~action() { by_.act_ = nullptr; }
        action(action const&) = delete;
        action& operator=(action const&) = delete;

    private:
        cancellation& by_;
    };

private:
    std::function<void()> act_;
    bool requested_ = false;
};

} // namespace secondwind::net
