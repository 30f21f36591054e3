// Which random schedules a test of a model runs.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace secondwind::test {

// Each part is a test of its own, so they may run side by side.
inline constexpr std::uint64_t model_parts = 8;
inline constexpr int most_model_failures = 3; // that one test reports

inline std::uint64_t from_environment(char const* name, std::uint64_t otherwise) {
    auto const* const value = std::getenv(name);
    return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}
// Of the schedule that is to be run alone and traced; 0: there is none.
inline std::uint64_t model_seed() {
    return from_environment("SECONDWIND_MODEL_SEED", 0);
}
// Whether its events are shuffled that are due together. Half of the schedules keep them in order,
// because some meetings need an exact one.
inline bool is_shuffled(std::uint64_t seed) {
    return seed % 2 != 0;
}
// How many schedules a part runs.
inline std::uint64_t model_schedules(std::uint64_t otherwise) {
    return from_environment("SECONDWIND_MODEL_SCHEDULES", otherwise);
}

} // namespace secondwind::test
