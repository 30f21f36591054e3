#include "operator_view.hpp"

#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/table.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

std::string load_state(json const& instance) {
    auto const& busy = member(instance, "busy");
    auto const in_flight = count_member(instance, "in_flight");
    if (busy.is_boolean() && !busy.get<bool>() && in_flight == 0)
        return "loaded, idle";
    if (in_flight != 0)
        return fmt::format("loaded, busy ({} in flight)", in_flight);
    return busy.is_boolean() ? "loaded, busy" : "loaded";
}

std::string last_used(json const& instance, double now) {
    auto const age = age_text(text_member(instance, "last_used"), now);
    return age == "-" ? age : age + " ago";
}

bool is_measured(json const& model) {
    return member(model, "lab").is_object();
}

// The largest context that works, and the speed.
std::string works_text(json const& lab) {
    if (!lab.is_object())
        return "-";
    auto const tokens = count_member(lab, "works");
    return (tokens == 0 ? "none" : in_groups(tokens)) + (is_true(lab, "stale") ? " (stale)" : "");
}
std::string speed_text(json const& lab) {
    auto const tps = number_member(lab, "tps");
    return tps > 0 ? fmt::format("{:.1f}", tps) : "-";
}

struct shown_columns {
    bool hosts = false;
    bool results = false; // of the lab
};

void add_model(table& all, shown_columns const& columns, json const& host, json const& model,
               double now) {
    auto const row = [&](std::string id, cell state, std::string used) {
        std::vector<cell> cells;
        if (columns.hosts)
            cells.push_back({text_member(host, "name")});
        cells.push_back({text_member(model, "key")});
        cells.push_back({gigabytes(number_member(model, "size"))});
        cells.push_back({std::move(id)});
        cells.push_back(std::move(state));
        cells.push_back({is_true(model, "pinned") ? "pinned" : "-"});
        cells.push_back({std::move(used)});
        if (columns.results) {
            cells.push_back({works_text(member(model, "lab"))});
            cells.push_back({speed_text(member(model, "lab"))});
        }
        all.add(std::move(cells));
    };
    auto const& instances = list_member(model, "instances");
    for (auto const& one : instances)
        row(text_member(one, "id"), {load_state(one), tone::good}, last_used(one, now));
    if (instances.empty())
        row("-", {"on disk", tone::faint}, "-");
}

std::string listing_errors(json const& hosts, double now) {
    std::string text;
    for (auto const& host : hosts) {
        auto const name = text_member(host, "name");
        auto const error = text_member(host, "listing_error", "");
        auto const listed = age_text(text_member(host, "listed_at"), now);
        if (!error.empty())
            text += printable(name + ": cannot list its models: " + error +
                              (listed == "-" ? "" : "; this list is " + listed + " old")) +
                    "\n";
        else if (list_member(host, "models").empty())
            text += printable(name + ": no models") + "\n";
    }
    return text;
}

} // namespace

std::string models_view(json const& hosts, double now, bool colours) {
    shown_columns with{hosts.size() > 1};
    for (auto const& host : hosts)
        with.results =
            with.results || std::ranges::any_of(list_member(host, "models"), is_measured);
    std::vector<table::column> columns;
    if (with.hosts)
        columns.push_back({"HOST"});
    columns.insert(
        columns.end(),
        {{"MODEL"}, {"SIZE", true}, {"INSTANCE"}, {"STATE"}, {"PINNED"}, {"LAST USED", true}});
    if (with.results)
        columns.insert(columns.end(), {{"WORKS", true}, {"TOK/S", true}});
    table all{std::move(columns)};
    for (auto const& host : hosts)
        for (auto const& model : list_member(host, "models"))
            add_model(all, with, host, model, now);
    return (all.empty() ? "" : all.text(colours)) + listing_errors(hosts, now);
}

std::string unloaded_view(json const& unloaded, bool colours) {
    if (!unloaded.is_array() || unloaded.empty())
        return "Nothing was loaded.\n";
    std::string text;
    for (auto const& one : unloaded) {
        auto const id = printable(text_member(one, "id"));
        auto const result = text_member(one, "result");
        auto const error = text_member(one, "error", "");
        if (result == "unloaded")
            text += "unloaded " + id;
        else if (result == "not_found")
            text += id + " was not loaded";
        else
            text += toned("not unloaded", tone::bad, colours) + " " + id +
                    (error.empty() ? "" : ": " + printable(error));
        text += '\n';
    }
    return text;
}

} // namespace secondwind::app
