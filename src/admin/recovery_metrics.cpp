#include "metrics_parts.hpp"

#include <cstddef>
#include <string>

namespace secondwind::admin {

namespace {

using policy::verdict;
using recovery::outcome;

// Where a series begins with its first recovery, the rise from nothing to one is seen by no rule:
// those that can be expected are there from the start.
bool expected(std::size_t v, std::size_t o) {
    auto const why = static_cast<verdict>(v);
    return (policy::for_memory(why) || why == verdict::cache_corruption ||
            why == verdict::model_crash) &&
           static_cast<outcome>(o) != outcome::pending;
}

void add_ended(family_list& to, std::string const& host, recovery_counts::of_host const& counts) {
    for (std::size_t v = 0; v < recovery_counts::verdicts; ++v) {
        for (std::size_t o = 0; o < recovery_counts::outcomes; ++o) {
            auto const n = counts.ended[v][o];
            if (n > 0 || expected(v, o))
                to.add(n, {{"host", host},
                           {"verdict", std::string{to_string(static_cast<verdict>(v))}},
                           {"outcome", std::string{to_string(static_cast<outcome>(o))}}});
        }
    }
}

} // namespace

void add_recoveries(family_list& to, recovery_counts const& ended, host::host_list const& hosts) {
    auto const& all = ended.hosts();
    to.counter("secondwind_recoveries_total",
               "Recoveries, by why they began and by what came of them for the request that led");
    for (auto const& [host, counts] : all)
        add_ended(to, host, counts);
    to.histogram("secondwind_recovery_duration_seconds",
                 "From a recovery's start until the replays could go out");
    for (auto const& [host, counts] : all)
        to.add(counts.durations, {{"host", host}});
    to.histogram("secondwind_recovery_phase_duration_seconds",
                 "What the time of recoveries went into");
    for (auto const& [host, counts] : all)
        for (std::size_t p = 0; p < recovery_phases; ++p)
            to.add(counts.phases[p],
                   {{"host", host},
                    {"phase", std::string{to_string(static_cast<recovery_phase>(p))}}});
    to.counter("secondwind_recovery_joined_total",
               "Requests that failed while a recovery ran and shared it");
    for (auto const& [host, counts] : all)
        to.add(counts.joined, {{"host", host}});
    to.counter("secondwind_recovery_unloads_total", "Instances that recoveries set out to unload");
    for (auto const& [host, counts] : all) {
        to.add(counts.unloaded, {{"host", host}, {"result", "unloaded"}});
        to.add(counts.unloads_failed, {{"host", host}, {"result", "failed"}});
    }
    to.gauge("secondwind_recovery_running", "1 while the host is being recovered");
    for (auto const& each : hosts)
        to.add(each->recovery.guard.recovering(), {{"host", each->name()}});
    to.gauge("secondwind_recovery_waiting", "Requests that await the end of a recovery");
    for (auto const& each : hosts)
        to.add(each->recovery.guard.waiting(), {{"host", each->name()}});
}

} // namespace secondwind::admin
