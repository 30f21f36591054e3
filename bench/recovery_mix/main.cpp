// Runs mixes of apps on one simulated host, in virtual time, without a proxy, with two baselines
// and with the product's own recovery.
#include "report.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <fmt/format.h>

#include <cstdio>
#include <iterator>

using namespace secondwind::bench;

namespace {

struct options {
    std::vector<std::string> mixes;
    std::vector<std::string> fronts;
    std::uint64_t seeds = 5;
    std::uint64_t first_seed = 1;
    bool plain = false;
    bool check = false;
    bool markdown = false;
    bool trace = false;
    bool smoke = false;
    bool old_defaults = false;
    std::string guardrail = "on";
    unsigned release_ms = 0;
};

bool wanted(std::vector<std::string> const& names, std::string_view name) {
    return names.empty() || std::ranges::find(names, name) != names.end();
}

std::vector<result> measure(options const& o) {
    std::vector<result> results;
    for (auto const& m : all_mixes()) {
        if (!wanted(o.mixes, m.name))
            continue;
        auto const conditions =
            o.plain || o.smoke ? std::vector{all_conditions.front()} : all_conditions;
        for (auto const& c : conditions)
            for (auto const k : all_fronts) {
                if (!wanted(o.fronts, to_string(k)))
                    continue;
                auto& r = results.emplace_back();
                r.mix = &m;
                r.conditions = c;
                r.front = k;
                for (auto seed = o.first_seed; seed < o.first_seed + o.seeds; ++seed) {
                    run_options each;
                    each.front = k;
                    each.conditions = c;
                    each.seed = seed;
                    each.old_defaults = o.old_defaults;
                    r.figures.add(run_mix(m, each));
                }
            }
    }
    return results;
}

int trace(options const& o) {
    auto const& mixes = all_mixes();
    auto const found = std::ranges::find_if(
        mixes, [&](mix const& m) { return o.mixes.size() == 1 && m.name == o.mixes.front(); });
    if (found == mixes.end()) {
        fmt::print(stderr, "--trace needs one --mix\n");
        return 2;
    }
    run_options each;
    for (auto const k : all_fronts)
        if (o.fronts.size() == 1 && to_string(k) == o.fronts.front())
            each.front = k;
    each.conditions = {o.guardrail == "on", milliseconds{o.release_ms}};
    each.seed = o.first_seed;
    each.trace = true;
    each.old_defaults = o.old_defaults;
    result r;
    r.mix = &*found;
    r.conditions = each.conditions;
    r.front = each.front;
    r.figures = run_mix(*found, each);
    fmt::print("{}", as_text({r}));
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    options o;
    CLI::App app{"Mixes of apps on one simulated host, in virtual time"};
    std::vector<std::string> names;
    for (auto const& m : all_mixes())
        names.push_back(m.name);
    app.add_option("--mix", o.mixes, "only these")->check(CLI::IsMember(names));
    auto* const only =
        app.add_option("--front", o.fronts, "only these: \"no proxy\", P1, P2, product");
    app.add_option("--seeds", o.seeds, "how many; the bars are meant for 5");
    app.add_option("--first-seed", o.first_seed, "the seeds are this and those after it");
    app.add_flag("--plain", o.plain, "only with guardrail and prompt release");
    app.add_flag("--check", o.check, "fail if the product misses a bar")->excludes(only);
    app.add_flag("--markdown", o.markdown, "the table of docs/recovery.md");
    app.add_flag("--smoke", o.smoke, "one seed, with guardrail and prompt release");
    app.add_flag("--trace", o.trace, "a line for each event of one mix and seed, of one --front");
    app.add_option("--guardrail", o.guardrail, "of --trace")->check(CLI::IsMember({"on", "off"}));
    app.add_option("--release", o.release_ms, "of --trace: ms until unloaded memory is free");
    app.add_flag("--old-defaults", o.old_defaults,
                 "run the product with recovery.evict idle and recovery.busy_wait 10min");
    CLI11_PARSE(app, argc, argv);

    spdlog::set_level(spdlog::level::off);
    if (o.smoke)
        o.seeds = 1;
    if (o.trace)
        return trace(o);
    auto const results = measure(o);
    fmt::print("{}", o.markdown ? as_markdown(results) : as_text(results));
    if (!o.check)
        return 0;
    auto const missed = missed_bars(results);
    for (auto const& sentence : missed)
        fmt::print(stderr, "MISSED {}\n", sentence);
    return missed.empty() ? 0 : 1;
}
