// Routes the same requests over four simulated hosts, in virtual time, by several policies: the
// product's own router, and those of others.
#include "report.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <fmt/format.h>

#include <cstdio>

using namespace secondwind::bench;

namespace {

struct options {
    std::string workloads{all_workloads};
    std::vector<std::string> policies;
    std::size_t requests = 10'000;
    std::uint64_t seeds = 3;
    std::uint64_t first_seed = 1;
    std::size_t slowest = 0;
    bool check = false;
    bool markdown = false;
    bool trace = false;
    bool smoke = false;
};

void tell(result const& r, workload const& asked) {
    for (auto const& each : r.runs.back().slowest)
        fmt::print("{} {}: x{} for {} at {:.1f} s waits {:.1f} s: {}\n", r.workload, r.by->name,
                   each.number, asked.models[each.model].key,
                   static_cast<double>(each.when.count()) / 1000,
                   static_cast<double>(each.wait.count()) / 1000, each.text);
}

std::vector<result> measure(options const& o) {
    std::vector<result> results;
    for (auto const name : o.workloads)
        for (auto const& by : all_policies()) {
            if (!o.policies.empty() && std::ranges::find(o.policies, by.name) == o.policies.end())
                continue;
            auto& r = results.emplace_back(result{name, &by});
            for (auto seed = o.first_seed; seed < o.first_seed + o.seeds; ++seed) {
                auto const asked = make_workload(name, o.requests, seed);
                r.runs.push_back(run(asked, by, {o.trace, o.slowest}));
                tell(r, asked);
            }
        }
    return results;
}

} // namespace

int main(int argc, char** argv) {
    options o;
    CLI::App app{"Requests routed over four simulated hosts, in virtual time"};
    app.add_option("--workload", o.workloads, "only these: letters of ABCD");
    app.add_option("--policy", o.policies, "only these, by their names in the table");
    app.add_option("--requests", o.requests, "of each run; the bars are meant for 10000");
    app.add_option("--seeds", o.seeds, "how many; the bars are meant for 3");
    app.add_option("--first-seed", o.first_seed, "the seeds are this and those after it");
    app.add_option("--slowest", o.slowest, "tell what became of so many requests of each run");
    app.add_flag("--check", o.check, "fail if the product misses a bar");
    app.add_flag("--markdown", o.markdown, "the table of docs/several-hosts.md");
    app.add_flag("--trace", o.trace, "a line for each event, and all offers of each choice");
    app.add_flag("--smoke", o.smoke, "2000 requests, one seed, and the bars that hold for so few");
    CLI11_PARSE(app, argc, argv);

    spdlog::set_level(spdlog::level::off);
    if (o.smoke) {
        o.requests = 2000;
        o.seeds = 1;
        o.check = true;
    }
    if (o.markdown)
        o.workloads = workloads_of_table;
    auto const results = measure(o);
    fmt::print("{}", o.markdown ? as_markdown(results) : as_text(results));
    if (!o.check)
        return 0;
    auto const missed = missed_bars(results, o.smoke);
    for (auto const& sentence : missed)
        fmt::print(stderr, "MISSED {}\n", sentence);
    return missed.empty() ? 0 : 1;
}
