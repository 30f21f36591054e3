// The parts that are measured, each with a check of its result.
#pragma once

#include "allocations.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace secondwind::bench {

// The input of one iteration of a part.
struct amount {
    std::size_t bytes;
    std::size_t items = 1; // heads, events, lines or decisions
};

class suite {
public:
    // 0: as many iterations as the time measurement needs; a number makes the instructions of two
    // runs comparable.
    explicit suite(std::int64_t turns) noexcept : turns_{turns} {}

    // `work` is one iteration, and may keep state between iterations; `check` is called once before
    // the measurement, and says whether its result is right. The process ends if it is not.
    template<class Work, class Check>
    void add(std::string const& name, amount each, Work work, Check check) {
        auto run = [name, each, work = std::move(work), check](benchmark::State& state) mutable {
            require(check(work()), name);
            auto const before = allocations();
            for ([[maybe_unused]] auto _ : state) {
                auto result = work();
                benchmark::DoNotOptimize(result);
            }
            auto const turns = state.iterations();
            state.counters["allocations"] =
                static_cast<double>(allocations() - before) / static_cast<double>(turns);
            state.counters["bytes"] = static_cast<double>(each.bytes);
            state.SetBytesProcessed(turns * static_cast<std::int64_t>(each.bytes));
            state.SetItemsProcessed(turns * static_cast<std::int64_t>(each.items));
        };
        auto* const added = benchmark::RegisterBenchmark(name.c_str(), std::move(run));
        if (turns_ > 0) {
            added->Iterations(turns_);
        }
    }

private:
    static void require(bool right, std::string const& name) {
        if (!right) {
            std::fprintf(stderr, "micro_bench: %s gives a wrong result; fix that first\n",
                         name.c_str());
            std::exit(1);
        }
    }

    std::int64_t turns_;
};

// One function per room.
void add_http_heads(suite& parts);
void add_http_bodies(suite& parts);
void add_lmstudio(suite& parts);
void add_policy(suite& parts);
void add_base(suite& parts);

} // namespace secondwind::bench
