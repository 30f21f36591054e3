// How long a host whose unloads keep failing is spared further recoveries. Pure: the time is given.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace secondwind::policy {

// Without it, clients that repeat a request at once would have each of them ask the host for the
// same unload in vain, and each recovery would be logged and recorded.
class unload_pause {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // So many failures in a row may be chance; each one after them doubles the pause.
    static constexpr unsigned tolerated = 2;
    static constexpr std::chrono::seconds first{1};
    static constexpr std::chrono::seconds longest{60};
    // Requests that are answered meanwhile are all alike: one of them is logged in this time.
    static constexpr std::chrono::seconds between_lines{1};

    // No recovery begins.
    bool lasts(time_point now) const noexcept { return now < end_; }

    // A recovery could not unload. The pause that begins; zero as long as it may be chance.
    std::chrono::seconds failed(time_point now) noexcept {
        if (++failures_ < tolerated)
            return {};
        length_ = std::clamp(2 * length_, first, longest);
        end_ = now + length_;
        return length_;
    }
    unsigned failures() const noexcept { return failures_; } // in a row

    // A recovery has unloaded something. How many requests were not logged since the last that was;
    // nothing if there was no pause.
    std::optional<std::uint64_t> worked() noexcept {
        bool const paused = length_ > length_.zero();
        auto const ended = std::exchange(*this, {});
        return paused ? std::optional{ended.unlogged_} : std::nullopt;
    }

    // A request was answered without a recovery. If it is to be logged: how many were not since the
    // last that was.
    std::optional<std::uint64_t> count_request(time_point now) noexcept {
        if (now < next_line_) {
            ++unlogged_;
            return std::nullopt;
        }
        next_line_ = now + between_lines;
        return std::exchange(unlogged_, 0);
    }

private:
    unsigned failures_ = 0;
    std::chrono::seconds length_{0};
    time_point end_ = time_point::min();
    time_point next_line_ = time_point::min();
    std::uint64_t unlogged_ = 0;
};

} // namespace secondwind::policy
