#include "report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

namespace secondwind::bench {

namespace {

constexpr std::string_view baseline_name = "least connections";
constexpr std::string_view product_name = "secondwind";

// Of least connections' figures in the same run, at most.
struct bar {
    char workload;
    double loads;
    double p95;
};
constexpr bar bars[]{{'A', 1.0 / 7, 1.0 / 7}, {'B', 1.0 / 9, 1.0 / 4}, {'C', 1.0 / 30, 1.0 / 7}};
constexpr double most_of_a_model = 1.0 / 4;
constexpr double most_loads_misjudged = 1.0 / 4;
constexpr double most_p95_misjudged = 1.0 / 2;
constexpr double least_fairness = 0.85;
constexpr double most_that_meet_an_outage = 0.08;
constexpr double listings_an_hour = 60; // of each host

result const* find(std::vector<result> const& results, char workload, std::string_view name) {
    auto const found = std::ranges::find_if(
        results, [&](result const& r) { return r.workload == workload && r.by->name == name; });
    return found == results.end() ? nullptr : &*found;
}

std::string reasons(result const& r) {
    std::map<std::string, unsigned> sum;
    for (auto const& each : r.runs)
        for (auto const& [reason, count] : each.reasons)
            sum[reason] += count;
    std::string all;
    for (auto const& [reason, count] : sum)
        all += fmt::format(" {} {}", reason, count);
    return all;
}

} // namespace

std::string as_text(std::vector<result> const& results) {
    std::string out;
    char current = 0;
    for (auto const& r : results) {
        if (r.workload != current)
            out += fmt::format(
                "{}{:<36} {:>7} {:>7} {:>7} {:>8} {:>6} {:>6} {:>6} {:>7} {:>8}  {}\n",
                current == 0 ? "" : "\n", fmt::format("workload {}", r.workload), "loads", "p50 s",
                "p95 s", "worst s", "failed", "dupl.", "Jain", "moves", "listings", "choices");
        current = r.workload;
        bool const stuck = std::ranges::any_of(r.runs, &figures::stuck);
        out += fmt::format(
            "{:<36} {:>7.0f} {:>7.1f} {:>7.1f} {:>8.1f} {:>6.1f} {:>6.1f} {:>6.2f} {:>7.1f} "
            "{:>8.1f} {}{}\n",
            r.by->name, r.mean(&figures::loads), r.mean(&figures::p50), r.mean(&figures::p95),
            r.mean(&figures::worst_p95), r.mean(&figures::failed), r.mean(&figures::duplicates),
            r.mean(&figures::fairness), r.mean(&figures::moves), r.mean(&figures::listings),
            reasons(r), stuck ? "  STUCK" : "");
        if (auto const in_outage = r.sum(&figures::in_outage); in_outage > 0)
            out += fmt::format("{:>36} {:.0f} of {:.0f} requests of these ten minutes\n",
                               "sent to the host that is down:", r.sum(&figures::met_outage),
                               in_outage);
    }
    return out;
}

std::string as_markdown(std::vector<result> const& results) {
    std::string out = "| policy | A: loads | p95 | worst model | B: loads | p95 | worst model "
                      "| C: loads | p95 | worst model |\n"
                      "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    for (auto const& by : all_policies()) {
        std::string line = fmt::format("| {} |", by.name);
        for (auto const& each : bars)
            if (auto const* const r = find(results, each.workload, by.name))
                line += fmt::format(" {:.0f} | {:.1f} s | {:.1f} s |", r->mean(&figures::loads),
                                    r->mean(&figures::p95), r->mean(&figures::worst_p95));
            else
                line += " – | – | – |";
        out += line + "\n";
    }
    return out;
}

std::vector<std::string> missed_bars(std::vector<result> const& results, bool brief) {
    std::vector<std::string> missed;
    auto const check = [&missed](result const& r, std::string_view figure, double value,
                                 double most) {
        if (value > most)
            missed.push_back(fmt::format("workload {}, {}: {} {:.2f}, at most {:.2f}", r.workload,
                                         r.by->name, figure, value, most));
    };
    for (auto const& each : bars) {
        auto const* const least = find(results, each.workload, baseline_name);
        if (least == nullptr)
            continue;
        auto const loads = least->mean(&figures::loads);
        auto const p95 = least->mean(&figures::p95);
        for (auto const& r : results) {
            if (r.workload != each.workload || !r.by->name.starts_with(product_name))
                continue;
            if (r.by->estimates != 0 || (brief && r.by->name == product_name)) {
                check(r, "loads", r.mean(&figures::loads), most_loads_misjudged * loads);
                check(r, "p95", r.mean(&figures::p95), most_p95_misjudged * p95);
            }
            if (r.by->name != product_name || brief)
                continue;
            check(r, "loads", r.mean(&figures::loads), each.loads * loads);
            check(r, "p95", r.mean(&figures::p95), each.p95 * p95);
            check(r, "p95 of a model", r.mean(&figures::worst_p95),
                  most_of_a_model * least->mean(&figures::worst_p95));
        }
    }
    for (auto const& r : results) {
        if (r.by->name != product_name)
            continue;
        for (auto const& run : r.runs) {
            check(r, "duplicates", run.duplicates, 0);
            if (run.stuck)
                missed.push_back(fmt::format("workload {}: a request never ended", r.workload));
            if (run.in_outage == 0)
                check(r, "failed requests", static_cast<double>(run.failed), 0);
            auto const hours = std::chrono::duration<double, std::ratio<3600>>(run.took).count();
            constexpr double hosts = 4;
            check(r, "listings", run.listings, hosts * listings_an_hour * hours + run.loads);
        }
        check(r, "unfairness (1 - Jain's index)", 1 - r.mean(&figures::fairness),
              1 - least_fairness);
        if (auto const in_outage = r.sum(&figures::in_outage); in_outage > 0)
            check(r, "share of requests that meet the outage",
                  r.sum(&figures::met_outage) / in_outage, most_that_meet_an_outage);
    }
    return missed;
}

} // namespace secondwind::bench
