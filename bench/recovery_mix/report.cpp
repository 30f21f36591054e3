#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace secondwind::bench {

namespace {

double seconds(milliseconds m) {
    return static_cast<double>(m.count()) / 1000;
}

double mean(double sum, figures const& f) {
    return f.runs == 0 ? 0 : sum / f.runs;
}

// Nearest rank.
milliseconds quantile(std::vector<milliseconds> const& sorted, std::size_t percent) {
    return sorted.empty() ? milliseconds{} : sorted[(sorted.size() * percent + 99) / 100 - 1];
}

std::string to_string(conditions const& c) {
    return fmt::format("guardrail {}, memory free after {} s", c.guardrail ? "on" : "off",
                       seconds(c.release));
}

bool plain(conditions const& c) {
    return c.guardrail && c.release == milliseconds{};
}

result const* find(std::vector<result> const& results, mix const* m, front_kind k,
                   bool plain_only) {
    auto const found = std::ranges::find_if(results, [&](result const& r) {
        return r.mix == m && r.front == k && (!plain_only || plain(r.conditions));
    });
    return found == results.end() ? nullptr : &*found;
}

std::string longest_by_model(figures const& f) {
    std::string all;
    for (auto const& [key, waits] : f.waits)
        if (!waits.empty())
            all += fmt::format(" {} {:.1f}", key, seconds(std::ranges::max(waits)));
    return all;
}

std::string lost_of_all(figures const& f) {
    return fmt::format("{:.0f} of {:.0f}", mean(f.failures, f), mean(f.requests, f));
}

std::string cell(result const* r, bool whole) {
    if (r == nullptr)
        return "–";
    auto const& f = r->figures;
    if (!whole)
        return lost_of_all(f);
    auto const waits = f.sorted_waits();
    return fmt::format("{}; {:.0f}, {:.1f} s, {:.1f} s", lost_of_all(f), mean(f.loads, f),
                       seconds(quantile(waits, 95)), seconds(quantile(waits, 100)));
}

} // namespace

std::string as_text(std::vector<result> const& results) {
    std::string out;
    mix const* current = nullptr;
    conditions const* under = nullptr;
    for (auto const& r : results) {
        if (r.mix != current)
            out += fmt::format("\nmix {}: {}\n", r.mix->name, r.mix->title);
        if (r.mix != current || under == nullptr || under->guardrail != r.conditions.guardrail ||
            under->release != r.conditions.release)
            out += fmt::format(
                "  {}\n    {:<8} {:>13} {:>6} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8}  {}\n",
                to_string(r.conditions), "", "lost of all", "cut", "loads", "refused", "total s",
                "p50 s", "p95 s", "max s", "longest wait by model, s");
        current = r.mix;
        under = &r.conditions;
        auto const& f = r.figures;
        auto const waits = f.sorted_waits();
        out += fmt::format("    {:<8} {:>13} {:>6.1f} {:>7.1f} {:>8.1f} {:>8.0f} {:>8.1f} {:>8.1f} "
                           "{:>8.1f} {}{}\n",
                           to_string(r.front), lost_of_all(f), mean(f.cut_by_unload, f),
                           mean(f.loads, f), mean(f.refusals, f), mean(seconds(f.took), f),
                           seconds(quantile(waits, 50)), seconds(quantile(waits, 95)),
                           seconds(quantile(waits, 100)), longest_by_model(f),
                           f.stuck ? "  STUCK" : "");
    }
    return out;
}

std::string as_markdown(std::vector<result> const& results) {
    std::string out =
        "| mix | no proxy: lost of all | P1: lost of all | P2: lost of all; loads, p95, max wait | "
        "secondwind: lost of all; loads, p95, max wait | lost, cut in the other conditions |\n"
        "|---|---|---|---|---|---|\n";
    for (auto const& m : all_mixes()) {
        auto const of = [&](front_kind k) { return find(results, &m, k, true); };
        if (of(front_kind::product) == nullptr)
            continue;
        figures others;
        for (auto const& r : results)
            if (r.mix == &m && r.front == front_kind::product && !plain(r.conditions))
                others.add(r.figures);
        out += fmt::format(
            "| {}: {} | {} | {} | {} | {} | {} |\n", m.name, m.title,
            cell(of(front_kind::no_proxy), false), cell(of(front_kind::evict_and_retry), false),
            cell(of(front_kind::first_rules), true), cell(of(front_kind::product), true),
            others.runs == 0 ? "–" : fmt::format("{}, {}", others.failures, others.cut_by_unload));
    }
    return out;
}

std::vector<std::string> missed_bars(std::vector<result> const& results) {
    std::vector<std::string> missed;
    for (auto const& r : results) {
        if (r.front != front_kind::product)
            continue;
        auto const& f = r.figures;
        auto const miss = [&](std::string const& clause) {
            missed.push_back(
                fmt::format("mix {} ({}): {}", r.mix->name, to_string(r.conditions), clause));
        };
        if (f.stuck)
            miss("a request never ended");
        if (f.failures > 0)
            miss(fmt::format("{} of {} requests are lost", f.failures, f.requests));
        if (f.cut_by_unload > 0)
            miss(fmt::format("{} generations are cut by an unload", f.cut_by_unload));
        if (!plain(r.conditions))
            continue;
        auto const& bar = r.mix->bar;
        if (auto const loads = mean(f.loads, f); bar.loads > 0 && loads > bar.loads)
            miss(fmt::format("{:.1f} loads, at most {:.0f}", loads, bar.loads));
        auto most = bar.longest_wait;
        if (bar.longest_wait_of_p2 > 0)
            if (auto const* const first = find(results, r.mix, front_kind::first_rules, true))
                most = milliseconds{
                    static_cast<int>(static_cast<double>(first->figures.longest_wait().count()) *
                                     bar.longest_wait_of_p2)};
        if (auto const longest = f.longest_wait(bar.excepted_models);
            most > milliseconds{} && longest > most)
            miss(fmt::format("longest wait {:.1f} s, at most {:.1f} s", seconds(longest),
                             seconds(most)));
    }
    return missed;
}

} // namespace secondwind::bench
