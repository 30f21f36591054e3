// What the runs amount to: a table to read, one for docs/several-hosts.md, and the bars.
#pragma once

#include "run.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::bench {

// Of one workload and policy, a run for each seed.
struct result {
    char workload = 'A';
    routing_policy const* by = nullptr;
    std::vector<figures> runs{};

    // The mean of the runs.
    template<class Member>
    double mean(Member member) const {
        double sum = 0;
        for (auto const& each : runs)
            sum += static_cast<double>(each.*member);
        return runs.empty() ? 0 : sum / static_cast<double>(runs.size());
    }
    template<class Member>
    double sum(Member member) const {
        return mean(member) * static_cast<double>(runs.size());
    }
};

inline constexpr std::string_view workloads_of_table = "ABC";

std::string as_text(std::vector<result> const& results);
std::string as_markdown(std::vector<result> const& results);
// A sentence for each bar that the product misses. In a `brief` run, most requests come while the
// hosts have nothing loaded yet, so only the bars for misjudged loads are held against it.
std::vector<std::string> missed_bars(std::vector<result> const& results, bool brief);

} // namespace secondwind::bench
