#include "report.hpp"

#include "progress_lines.hpp"
#include "report_json.hpp"
#include "report_text.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/table.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

using registry::outcome;

constexpr std::array<std::string_view, 9> sort_keys{"key",  "id",  "ctx",  "max", "dtx",
                                                    "size", "tps", "ttft", "date"};

// What a model is sorted by, so that the smallest comes first; nothing comes last.
std::optional<double> sort_value(registry::overview_entry const& entry, std::string_view key) {
    auto const descending = [](auto const& value) {
        return value ? std::optional{-static_cast<double>(*value)} : std::nullopt;
    };
    if (key == "max" || key == "dtx")
        return descending(entry.model.max_context);
    if (key == "size")
        return descending(entry.model.size);
    if (!entry.result)
        return std::nullopt;
    if (key == "ctx")
        return descending(entry.result->works);
    auto const r = shown(*entry.result);
    if (key == "tps")
        return descending(r.tps);
    if (key == "ttft")
        return r.ttft;
    if (key == "date")
        return -std::chrono::duration<double>{r.measured_at.time_since_epoch()}.count();
    return std::nullopt;
}

void sort_models(std::vector<registry::overview_entry>& models, list_options const& options) {
    struct sorted {
        std::optional<double> value;
        registry::overview_entry entry;
    };
    bool const by_key = options.sort == "key" || options.sort == "id";
    std::vector<sorted> all;
    all.reserve(models.size());
    for (auto& m : models)
        all.push_back({by_key ? std::optional{0.0} : sort_value(m, options.sort), std::move(m)});
    std::ranges::stable_sort(all, [&](sorted const& a, sorted const& b) {
        if (a.value.has_value() != b.value.has_value())
            return a.value.has_value();
        if (a.value && *a.value != *b.value)
            return options.reverse ? *b.value < *a.value : *a.value < *b.value;
        bool const turned = by_key && options.reverse;
        return turned ? b.entry.model.key < a.entry.model.key
                      : a.entry.model.key < b.entry.model.key;
    });
    models.clear();
    for (auto& one : all)
        models.push_back(std::move(one.entry));
}

template<class Value, class Text>
std::string text_of(std::optional<Value> const& value, Text text) {
    return value ? text(*value) : std::string{};
}

std::string works_text(result const& r, bool current) {
    std::string text;
    if (r.status == "skipped")
        text = "skipped";
    else if (r.status == "failed" || (!r.works && r.status != "partial"))
        text = "none";
    else if (r.works)
        text = (r.status == "partial" ? ">= " : is_filled(r) ? "" : "~") + grouped(*r.works);
    else
        text = "not finished";
    return text + (current ? "" : "*");
}

struct counts {
    std::int64_t measured = 0, stale = 0, partial = 0, failed = 0, skipped = 0, not_yet = 0;

    void add(std::optional<registry::result> const& kept, bool current) {
        if (!kept)
            ++not_yet;
        else if (!current)
            ++stale;
        else if (kept->status == "partial")
            ++partial;
        else if (kept->status == "failed")
            ++failed;
        else
            ++(kept->status == "skipped" ? skipped : measured);
    }
    std::string text() const {
        auto line = fmt::format("{} measured", grouped(measured));
        auto const add = [&line](std::int64_t count, std::string_view name) {
            if (count != 0)
                line += fmt::format(", {} {}", grouped(count), name);
        };
        add(stale, "stale (*)");
        add(partial, "not finished (>=)");
        add(failed, "failed");
        add(skipped, "skipped");
        add(not_yet, "not yet");
        return line;
    }
};

std::vector<cell> list_row(registry::overview_entry const& entry, bool current,
                           registry::time_point now) {
    auto const& m = entry.model;
    auto const r = entry.result ? shown(*entry.result) : result{};
    auto const seconds = [](double value) { return duration_text(value); };
    return {{m.missing_since ? m.key + " (missing)" : m.key},
            {m.type == registry::model_type::llm ? "llm" : "embed"},
            {m.quantization},
            {text_of(m.size, bytes_text)},
            {text_of(m.max_context, grouped)},
            {entry.result ? works_text(r, current) : ""},
            {r.limited_by},
            {text_of(r.tps, speed_text)},
            {text_of(r.tps_filled, speed_text)},
            {text_of(r.ttft, seconds)},
            {entry.result ? age_text(r.measured_at, now) : ""}};
}

table list_columns(std::size_t model_width) {
    constexpr std::size_t limit_width = 24;
    return table{{{"MODEL", false, model_width},
                  {"TYPE"},
                  {"QUANT"},
                  {"SIZE"},
                  {"MAX"},
                  {"WORKS"},
                  {"LIMIT", false, limit_width},
                  {"TOK/S"},
                  {"FILLED"},
                  {"FIRST"},
                  {"MEASURED"}}};
}

std::size_t widest_line(std::string_view text) {
    std::size_t widest = 0;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        widest = std::max(widest, code_points(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return widest;
}

std::string host_table(registry::overview_host const& host, list_options const& options,
                       registry::time_point now) {
    counts found;
    std::vector<std::vector<cell>> rows;
    std::size_t longest_key = 0;
    for (auto const& entry : host.models) {
        bool const current =
            entry.result &&
            is_current(*entry.result, present_conditions(entry.model, host.host, now));
        found.add(entry.result, current);
        rows.push_back(list_row(entry, current, now));
        longest_key = std::max(longest_key, code_points(printable(rows.back().front().text)));
    }
    auto const draw = [&rows](std::size_t model_width) {
        auto t = list_columns(model_width);
        for (auto const& row : rows)
            t.add(row);
        return t.text(false);
    };
    // Of all columns, names can be cut with the least harm.
    constexpr std::size_t widest_key = 60;
    constexpr std::size_t narrowest_key = 16;
    auto const key_width = std::min(longest_key, widest_key);
    auto text = rows.empty() ? std::string{} : draw(widest_key);
    auto const width = widest_line(text);
    if (options.width != 0 && width > options.width) {
        auto const excess = width - options.width;
        text = draw(std::max(narrowest_key, key_width - std::min(key_width, excess)));
    }

    auto const models = counted(static_cast<std::int64_t>(host.models.size()), "model");
    text += fmt::format("{} on {}", models, printable(host.host.name));
    if (!host.host.version.empty())
        text += fmt::format(" (LM Studio {})", printable(host.host.version));
    return text + fmt::format(": {}.  ~ before a number: prompt not filled.\n", found.text());
}

// Twenty columns for the fastest, in eighths.
std::string bar(double part) {
    constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    constexpr double columns = 20;
    constexpr int per_column = 8;
    auto const count =
        static_cast<int>(std::floor(std::clamp(part, 0.0, 1.0) * columns * per_column));
    std::string text;
    for (int i = 0; i != count / per_column; ++i)
        text += "█";
    text += eighths[static_cast<std::size_t>(count % per_column)];
    return text;
}

std::string note_of(registry::probe const& p) {
    if (p.outcome == outcome::guardrail)
        return memory_of(p) ? "refused: asks for " + gigabytes_text(*memory_of(p)) : "refused";
    if (p.outcome == outcome::context_changed && p.effective)
        return "the host has chosen " + grouped(*p.effective);
    return p.error;
}

std::string outcome_cell(registry::probe const& p, std::string_view fingerprint) {
    std::string text{p.outcome == outcome::good ? "good" : registry::to_string(p.outcome)};
    std::ranges::replace(text, '_', ' ');
    if (p.filled && p.load) // what was not loaded was not filled either
        text += ", filled";
    if (!p.asked)
        text += ", default";
    if (!p.beside.empty())
        text += ", beside others";
    if (p.fingerprint != fingerprint)
        text += ", other file";
    return text;
}

std::int64_t size_or_zero(registry::probe const& p) {
    return p.asked ? *p.asked : p.effective.value_or(0);
}

std::string probe_table(std::vector<registry::probe> probes, std::string_view fingerprint,
                        bool bars) {
    std::ranges::stable_sort(probes, {}, size_or_zero);
    double fastest = 0;
    for (auto const& p : probes)
        fastest = std::max(fastest, p.tps.value_or(0));
    constexpr std::size_t note_width = 80;
    table t{{{"CONTEXT", true},
             {"OUTCOME"},
             {"LOAD", true},
             {"TOK/S", true},
             {"PROMPT TOK/S", true},
             {"MEMORY", true},
             {"", false, note_width}}};
    for (auto const& p : probes) {
        auto const size = size_or_zero(p);
        auto note = note_of(p);
        if (bars && note.empty() && p.tps && fastest > 0)
            note = bar(*p.tps / fastest);
        t.add({{size != 0 ? grouped(size) : ""},
               {outcome_cell(p, fingerprint)},
               {text_of(p.load, duration_text)},
               {text_of(p.tps, speed_text)},
               {text_of(prompt_tps(p), [](double speed) { return grouped(std::llround(speed)); })},
               {text_of(memory_of(p), gigabytes_text)},
               {note}});
    }
    return t.text(false);
}

} // namespace

bool is_sort_key(std::string_view name) noexcept {
    return std::ranges::find(sort_keys, name) != sort_keys.end();
}

overview chosen(overview all, list_options const& options) {
    for (auto& host : all) {
        std::erase_if(host.models, [&options](registry::overview_entry const& entry) {
            return (options.type && entry.model.type != *options.type) ||
                   (!options.missing && entry.model.missing_since);
        });
        sort_models(host.models, options);
    }
    return all;
}

std::string list_table(overview const& all, list_options const& options, registry::time_point now) {
    if (all.empty())
        return "No models are known yet: run `secondwind lab scan`.\n";
    std::string text;
    for (auto const& host : chosen(all, options)) {
        if (!text.empty())
            text += '\n';
        text += host_table(host, options, now);
    }
    return text;
}

std::string dry_run_table(std::span<planned_model const> planned) {
    constexpr std::size_t sizes_width = 100;
    table t{{{"MODEL"}, {"SIZE", true}, {"MOST LOADS", true}, {"TRIES", false, sizes_width}}};
    std::int64_t loads = 0;
    for (auto const& p : planned) {
        std::string sizes;
        for (auto const& size : p.sizes)
            sizes += (sizes.empty() ? "" : " ") + (size ? grouped(*size) : "default");
        t.add({{p.key}, {text_of(p.size, bytes_text)}, {std::to_string(p.most_loads)}, {sizes}});
        loads += p.most_loads;
    }
    return (planned.empty() ? std::string{} : t.text(false)) +
           fmt::format("{}, at most {}. Sizes that do not work are followed by smaller ones.\n",
                       counted(static_cast<std::int64_t>(planned.size()), "model"),
                       counted(loads, "load"));
}

std::string show_text(registry::overview_entry const& entry, registry::host const& host,
                      std::span<registry::probe const> probes, bool bars) {
    auto const& m = entry.model;
    auto text = fmt::format("{}, {}", printable(m.key), registry::to_string(m.type));
    if (!m.quantization.empty())
        text += ", " + printable(m.quantization);
    if (m.size)
        text += ", " + bytes_text(*m.size);
    text += ": ";
    text += entry.result ? summary(shown(*entry.result), m.max_context) : "not measured";
    text += '\n';
    if (!m.complaint.empty())
        text += fmt::format("{} {}\n", printable(host.name), printable(m.complaint));
    if (m.missing_since)
        text += fmt::format("{} no longer lists it.\n", printable(host.name));

    std::map<std::string, std::vector<registry::probe>> by_settings;
    for (auto const& p : probes)
        by_settings[p.settings].push_back(p);
    auto const fingerprint = fingerprint_of(m);
    if (auto const found = by_settings.find("{}"); found != by_settings.end()) {
        text += probe_table(found->second, fingerprint, bars);
        by_settings.erase(found);
    }
    for (auto const& [settings, of_them] : by_settings)
        text += fmt::format("\nWith {}:\n{}", printable(settings),
                            probe_table(of_them, fingerprint, bars));
    return text;
}

} // namespace secondwind::lab
