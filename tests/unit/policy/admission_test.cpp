// The table in docs/design.md of who is let through.
#include <secondwind/policy/admission.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace secondwind::policy {
namespace admission_test {

constexpr std::array gates{gate::open,   gate::planning,  gate::waiting,
                           gate::closed, gate::replaying, gate::leased};
constexpr std::array wishes{wish::nothing,     wish::pinned,      wish::resident, wish::loaded,
                            wish::held_target, wish::free_target, wish::loading,  wish::crumb,
                            wish::futile,      wish::first,       wish::later};
constexpr std::array admissions{admission::pass,
                                admission::wait_for_plan,
                                admission::wait_for_target,
                                admission::wait_for_unload,
                                admission::wait_for_load,
                                admission::wait_in_line,
                                admission::wait_for_lab};

// "| `a` | b |": a and b.
std::vector<std::string> cells_of(std::string const& line) {
    std::vector<std::string> cells;
    for (auto at = line.find('|'); at != std::string::npos;) {
        auto const end = line.find('|', at + 1);
        if (end == std::string::npos)
            break;
        auto cell = line.substr(at + 1, end - at - 1);
        std::erase_if(cell, [](char c) { return c == '`' || c == ' '; });
        cells.push_back(std::move(cell));
        at = end;
    }
    return cells;
}

// Each row of the table, by its first cell.
std::map<std::string, std::vector<std::string>> printed_table() {
    std::vector<std::string> head{"request"};
    for (auto const g : gates)
        head.emplace_back(to_string(g));
    std::map<std::string, std::vector<std::string>> rows;
    std::ifstream page{SECONDWIND_TEST_DATA "/../../docs/design.md"};
    bool inside = false;
    for (std::string line; std::getline(page, line);) {
        auto cells = cells_of(line);
        if (cells == head) {
            inside = true;
        } else if (inside && cells.empty()) {
            break;
        } else if (inside && !cells.front().starts_with("---")) {
            auto const name = cells.front();
            cells.erase(cells.begin());
            EXPECT_TRUE(rows.emplace(name, cells).second) << name;
        }
    }
    return rows;
}

TEST(admission, is_what_the_printed_table_says) {
    auto const printed = printed_table();
    EXPECT_EQ(printed.size(), wishes.size());
    for (auto const w : wishes) {
        std::vector<std::string> row;
        for (auto const g : gates)
            row.emplace_back(to_string(admit(w, g)));
        auto const found = printed.find(std::string{to_string(w)});
        ASSERT_NE(found, printed.end()) << to_string(w);
        EXPECT_EQ(found->second, row) << to_string(w);
    }
}

TEST(admission, holds_nothing_up_that_uses_no_model_nor_a_pinned_one_for_another_request) {
    for (auto const g : gates) {
        EXPECT_EQ(admit(wish::nothing, g), admission::pass);
        EXPECT_EQ(admit(wish::pinned, g) == admission::pass, g != gate::leased);
    }
}

TEST(admission, has_all_that_uses_a_model_wait_for_a_lab) {
    for (auto const w : wishes)
        EXPECT_EQ(admit(w, gate::leased) == admission::pass, w == wish::nothing) << to_string(w);
    EXPECT_EQ(admit(wish::pinned, gate::leased), admission::wait_for_lab);
}

TEST(admission, holds_up_what_is_loaded_only_for_the_plan_an_unload_or_as_a_target) {
    for (auto const w : {wish::resident, wish::loaded, wish::free_target})
        for (auto const g : {gate::open, gate::waiting, gate::replaying})
            EXPECT_EQ(admit(w, g), admission::pass);
    EXPECT_EQ(admit(wish::held_target, gate::waiting), admission::wait_for_target);
}

TEST(admission, sends_what_needs_a_load_only_as_the_first_and_while_the_gate_is_open) {
    for (auto const g : gates) {
        EXPECT_EQ(admit(wish::first, g) == admission::pass, g == gate::open);
        EXPECT_NE(admit(wish::later, g), admission::pass);
        EXPECT_NE(admit(wish::loading, g), admission::pass);
    }
}

TEST(admission, makes_no_crumb_wait_in_line) {
    for (auto const g : gates)
        EXPECT_NE(admit(wish::crumb, g), admission::wait_in_line);
    EXPECT_EQ(admit(wish::crumb, gate::waiting), admission::pass);
}

template<class Values>
std::size_t count_names(Values const& values) {
    std::set<std::string_view> names;
    for (auto const v : values)
        names.insert(to_string(v));
    return names.size() - names.count("");
}

TEST(admission, has_names_for_its_values) {
    EXPECT_EQ(count_names(gates), gates.size());
    EXPECT_EQ(count_names(wishes), wishes.size());
    EXPECT_EQ(count_names(admissions), admissions.size());
}

} // namespace admission_test
} // namespace secondwind::policy
