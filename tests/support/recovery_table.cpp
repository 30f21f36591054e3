#include "support/recovery_table.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace secondwind::test {

namespace {

using recovery::phase;
using recovery::relation;

constexpr std::array relations{
    relation::none,          relation::waits_at_gate,     relation::leads,
    relation::joined,        relation::replays_as_leader, relation::replays_as_joiner,
    relation::replays_alone, relation::concluded,         relation::left};

std::string name_of(relation r) {
    switch (r) {
    case relation::none:
        return "none";
    case relation::waits_at_gate:
        return "waits_at_gate";
    case relation::leads:
        return "leads";
    case relation::joined:
        return "joined";
    case relation::replays_as_leader:
        return "replays_as_leader";
    case relation::replays_as_joiner:
        return "replays_as_joiner";
    case relation::replays_alone:
        return "replays_alone";
    case relation::concluded:
        return "concluded";
    case relation::left:
        return "left";
    }
    return {};
}

std::string name_of_phase(std::optional<phase> p) {
    if (!p)
        return "no recovery";
    switch (*p) {
    case phase::listing:
        return "listing";
    case phase::planning:
        return "planning";
    case phase::waiting_for_idle:
        return "waiting_for_idle";
    case phase::unloading:
        return "unloading";
    case phase::verifying:
        return "verifying";
    case phase::fitting:
        return "fitting";
    case phase::replaying:
        return "replaying";
    case phase::finished:
        return "finished";
    }
    return {};
}

// "| `a` | b |  |": a, b and nothing.
std::vector<std::string> cells_of(std::string_view line) {
    std::vector<std::string> cells;
    for (auto at = line.find('|'); at != line.npos;) {
        auto const end = line.find('|', at + 1);
        if (end == line.npos)
            break;
        std::string cell{line.substr(at + 1, end - at - 1)};
        std::erase(cell, '`');
        auto const first = cell.find_first_not_of(' ');
        auto const last = cell.find_last_not_of(' ');
        cells.push_back(first == cell.npos ? "" : cell.substr(first, last - first + 1));
        at = end;
    }
    return cells;
}

} // namespace

std::string to_string(recovery_state const& s) {
    return name_of(s.relation) + " / " + name_of_phase(s.phase);
}

recovery_states read_recovery_table(std::string_view page) {
    recovery_states found;
    std::vector<std::optional<phase>> columns;
    std::size_t rows = 0;
    std::istringstream lines{std::string{page}};
    for (std::string line; std::getline(lines, line);) {
        auto const cells = cells_of(line);
        if (cells.size() < 2)
            continue;
        if (columns.empty() && cells[1] == name_of_phase(std::nullopt)) {
            columns = {std::nullopt,     phase::listing,   phase::planning, phase::waiting_for_idle,
                       phase::unloading, phase::verifying, phase::fitting,  phase::replaying,
                       phase::finished};
            // Not std::views::drop, which clang 14 cannot compile with this library.
            std::vector<std::string> const named{cells.begin() + 1, cells.end()};
            if (!std::ranges::equal(columns, named, {}, name_of_phase))
                throw std::runtime_error{"the table's columns are not the phases: " + line};
            continue;
        }
        if (columns.empty() || rows == relations.size() || cells[0] != name_of(relations[rows]))
            continue;
        if (cells.size() != columns.size() + 1)
            throw std::runtime_error{"a row of the table has other columns: " + line};
        for (std::size_t n = 0; n < columns.size(); ++n)
            if (!cells[n + 1].empty())
                found.insert({relations[rows], columns[n]});
        ++rows;
    }
    if (rows != relations.size())
        throw std::runtime_error{"the table has no row, in its order, for " +
                                 name_of(relations[rows])};
    return found;
}

recovery_states const& recovery_table() {
    static auto const table = [] {
        std::ifstream page{SECONDWIND_TEST_DATA "/../../docs/design.md"};
        std::stringstream text;
        text << page.rdbuf();
        return read_recovery_table(text.str());
    }();
    return table;
}

} // namespace secondwind::test
