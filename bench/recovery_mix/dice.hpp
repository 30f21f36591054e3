// Numbers by chance, the same for the same seed everywhere.
#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

namespace secondwind::bench {

// Not a distribution of the library: those differ from one library to another.
class dice {
public:
    using milliseconds = std::chrono::milliseconds;

    explicit dice(std::uint64_t seed) : random_{seed * 0x9E3779B97F4A7C15ull + 1} {}

    // From 0 to less than 1.
    double fraction() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }
    std::size_t below(std::size_t count) {
        return static_cast<std::size_t>(static_cast<double>(count) * fraction());
    }
    // Evenly distributed.
    milliseconds between(milliseconds from, milliseconds to) {
        return from + milliseconds{
                          static_cast<int>(static_cast<double>((to - from).count()) * fraction())};
    }
    // Between two events that happen that long apart on the average.
    milliseconds around(milliseconds mean) {
        return milliseconds{
            static_cast<int>(-static_cast<double>(mean.count()) * std::log(1.0 - fraction()))};
    }

private:
    std::mt19937_64 random_;
};

} // namespace secondwind::bench
