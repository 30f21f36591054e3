// The last fifteen minutes in samples of five seconds. Pure.
#pragma once

#include <secondwind/telemetry/traffic.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace secondwind::admin {

// The duration in seconds that a share `q` (0 to 1) of the observations did not exceed, guessed as
// if each bucket's were spread evenly over it; nothing where there are none. What is longer than
// the last bound counts as that long.
std::optional<double> quantile(telemetry::histogram::counts const& counts, double q) noexcept;

struct sample {
    std::chrono::system_clock::time_point time; // its end
    std::uint64_t exchanges = 0;                // ended within it
    std::uint64_t failed = 0;
    std::uint64_t stream_events = 0;
    // Seconds, guessed from the histogram's buckets; nothing where no answer began.
    std::optional<double> first_byte_p50;
    std::optional<double> first_byte_p95;
};

class history {
public:
    static constexpr std::chrono::seconds interval{5};
    static constexpr std::size_t kept = 180;

    // Once every interval: what has been added to `now` since the last time becomes a sample.
    void take(telemetry::traffic const& now, std::chrono::system_clock::time_point when);

    std::deque<sample> const& samples() const noexcept { return samples_; } // oldest first

private:
    std::deque<sample> samples_;
    std::uint64_t exchanges_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t stream_events_ = 0;
    telemetry::histogram::counts first_bytes_{};
};

} // namespace secondwind::admin
