// Keeps a cure that does not cure from being repeated.
#pragma once

#include <secondwind/policy/verdict.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

// Remembers for which model and verdict something was unloaded without a replay that would show
// whether it helped: a healing after the commit, or the reload of a crashed model. Names come from
// requests, so only the newest few are remembered.
class brake {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // True if the same was done within `cooldown`, and the model has not answered well since.
    bool holds(std::string_view model, verdict v, time_point now,
               std::chrono::milliseconds cooldown) const noexcept;
    void done(std::string_view model, verdict v, time_point now);
    void answered_well(std::string_view model);
    bool empty() const noexcept { return entries_.empty(); }

private:
    struct entry {
        std::string model;
        policy::verdict verdict;
        time_point when;
    };
    static constexpr std::size_t most = 64;
    std::vector<entry> entries_; // oldest first
};

} // namespace secondwind::policy
