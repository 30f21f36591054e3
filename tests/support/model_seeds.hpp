// Which random schedules a test of a model runs.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace secondwind::test {

// Each part is a test of its own, so they may run side by side.
inline constexpr std::uint64_t model_parts = 8;

// One random schedule. Half of them keep the order of the events that are due together, because
// some meetings need an exact one; the others shuffle them.
struct model_run {
    std::uint64_t seed = 0;
    bool shuffled = false;
    bool traced = false;
};
inline std::string to_string(model_run const& one) {
    return "seed " + std::to_string(one.seed) + (one.shuffled ? ", shuffled" : "");
}

inline std::uint64_t from_environment(char const* name, std::uint64_t otherwise) {
    auto const* const value = std::getenv(name);
    return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

// Calls `run` with each schedule of a part, and ends after a few for which it returns false.
// SECONDWIND_MODEL_SCHEDULES changes their number; SECONDWIND_MODEL_SEED runs that one alone, in
// both orders, and traced.
template<class Run>
void run_schedules(std::uint64_t part, std::uint64_t parts, std::uint64_t schedules, Run run) {
    constexpr int most_failures = 3;
    if (auto const one = from_environment("SECONDWIND_MODEL_SEED", 0); one != 0) {
        for (bool const shuffled : {false, true})
            if (one % parts == part)
                run(model_run{one, shuffled, true});
        return;
    }
    schedules = from_environment("SECONDWIND_MODEL_SCHEDULES", schedules);
    int failures = 0;
    for (std::uint64_t n = 1; n <= schedules && failures < most_failures; ++n) {
        auto const seed = n * parts + part;
        failures += run(model_run{seed, seed % 2 != 0, false}) ? 0 : 1;
    }
}

} // namespace secondwind::test
