// Counts durations by ranges. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace secondwind::telemetry {

// Plain numbers, because one thread counts and reads: an observation costs a few additions.
class histogram {
public:
    // Upper bounds in seconds, each included in its bucket; longer durations count in the last one.
    // They range from the first token of a cached model to a load that takes ten minutes.
    static constexpr std::array<double, 18> bounds{
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 180, 300, 600};
    using counts = std::array<std::uint64_t, bounds.size() + 1>;

    void observe(double seconds) noexcept {
        std::size_t bucket = 0;
        while (bucket < bounds.size() && seconds > bounds[bucket])
            ++bucket;
        ++counts_[bucket];
        sum_ += seconds;
    }

    // By bucket, not cumulative.
    counts const& buckets() const noexcept { return counts_; }
    std::uint64_t count() const noexcept {
        std::uint64_t all = 0;
        for (auto const n : counts_)
            all += n;
        return all;
    }
    double sum() const noexcept { return sum_; } // seconds

private:
    counts counts_{};
    double sum_ = 0;
};

} // namespace secondwind::telemetry
