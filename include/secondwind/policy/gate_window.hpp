// For how long requests for the targets of a waiting recovery are held at a stretch.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace secondwind::policy {

// A window in which they are held. It goes on while exchanges on the targets end: what runs there
// can only become less, and what is held would be served after it anyway where the host serves a
// few at a time. If none ends, all pass until the one that has run longest has ended, because
// holding would not have helped; then another window, twice as long, at most `longest`. Time counts
// only while holding can help: not while a target loads, is resident or is idle.
class gate_window {
public:
    using time_point = std::chrono::steady_clock::time_point;
    using duration = std::chrono::steady_clock::duration;

    // `first` of zero: nothing is ever held.
    gate_window(duration first, time_point now) noexcept
        : first_{first}, length_{first}, end_{first}, since_{now} {}

    bool holds() const noexcept { return !open_ && first_ > duration::zero(); }

    // The exchanges that run: the number of the newest one of all, and those on the targets.
    struct traffic {
        std::uint64_t newest = 0;
        std::uint64_t oldest_on_target = 0; // above `newest` if there is none
        std::size_t on_targets = 0;
    };
    // Time has passed, or an exchange has ended. `counts`: holding can help from now on.
    void update(time_point now, bool counts, traffic const& running) noexcept;

    // How much longer it holds while time counts.
    duration left(time_point now) const noexcept;

    // Of a window in which no exchange ends, and of what is left of one after an end: that is also
    // at most four times the first window.
    static constexpr std::chrono::seconds longest{120};

private:
    duration first_;
    duration length_; // of this window if no exchange ends
    duration end_;    // of this window, as far as it is known by now
    duration used_{};
    time_point since_;
    bool counting_ = false;
    bool open_ = false;
    std::uint64_t oldest_ = 0;   // the exchange that had run longest when it opened
    std::size_t on_targets_ = 0; // at the last update
};

} // namespace secondwind::policy
