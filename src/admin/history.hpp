// The last fifteen minutes, in samples of five seconds. Pure.
#pragma once

#include <secondwind/telemetry/traffic.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace secondwind::admin {

// The `q` quantile (0 to 1) of the observed durations in seconds, with linear interpolation within
// a bucket; nothing without observations. Durations beyond the last bound count as that bound.
std::optional<double> quantile(telemetry::histogram::counts const& counts, double q) noexcept;

struct sample {
    std::chrono::system_clock::time_point time; // the end of the interval
    std::uint64_t exchanges = 0;                // that have ended in it
    std::uint64_t failed = 0;
    std::uint64_t errors = 0;
    std::uint64_t stream_events = 0;
    // Seconds, estimated from the histogram; nothing if no response has started.
    std::optional<double> first_byte_p50;
    std::optional<double> first_byte_p95;
};

class history {
public:
    static constexpr std::chrono::seconds interval{5};
    static constexpr std::size_t kept = 180;

    // Call it once per interval: adds a sample of what has changed since the last call.
    void add_sample(telemetry::traffic const& traffic, std::chrono::system_clock::time_point time);

    std::deque<sample> const& samples() const noexcept { return samples_; } // oldest first

private:
    std::deque<sample> samples_;
    std::uint64_t exchanges_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t errors_ = 0;
    std::uint64_t stream_events_ = 0;
    telemetry::histogram::counts first_bytes_{};
};

} // namespace secondwind::admin
