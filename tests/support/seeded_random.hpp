// Random numbers that a seed repeats.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace secondwind::test {

// The same with every library, which its distributions are not.
class seeded_random {
public:
    explicit seeded_random(std::uint64_t seed) : random_{seed * 0x9E3779B97F4A7C15ull + 1} {}

    int number(int from, int to) {
        return from + static_cast<int>(random_() % static_cast<std::uint64_t>(to - from + 1));
    }
    bool chance(int percent) { return number(1, 100) <= percent; }
    std::chrono::milliseconds span(int from, int to) {
        return std::chrono::milliseconds{number(from, to)};
    }
    template<class T>
    T one_of(std::vector<T> const& all) {
        return all[static_cast<std::size_t>(number(0, static_cast<int>(all.size()) - 1))];
    }
    template<class T>
    void shuffle(std::vector<T>& all) {
        for (std::size_t n = all.size(); n > 1; --n)
            std::swap(all[n - 1],
                      all[static_cast<std::size_t>(number(0, static_cast<int>(n) - 1))]);
    }

private:
    std::mt19937_64 random_;
};

} // namespace secondwind::test
