// A wait at a gate with a time limit.
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>

#include <algorithm>
#include <chrono>
#include <coroutine>

namespace secondwind::net {

// Awaits the opening of a gate, but no longer than `span` (at least a millisecond). True if the
// gate opened. All must outlive it, and it must not be moved.
class [[nodiscard]] timed_wait final : deadline_slot, deadline {
public:
    timed_wait(gate& at, deadline_queue& queue, std::chrono::milliseconds span)
        : deadline_slot{queue}, deadline{*this, "gate"}, waiter_{at} {
        arm(std::max(span, std::chrono::milliseconds{1}));
    }

    bool await_ready() const noexcept { return waiter_.await_ready(); }
    void await_suspend(std::coroutine_handle<> self) { waiter_.await_suspend(self); }
    bool await_resume() noexcept {
        disarm();
        return waiter_.await_resume();
    }

private:
    void on_expiry() override { waiter_.cancel(); }

    gate::waiter waiter_;
};

} // namespace secondwind::net
