// Walks through the pages of a search.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace secondwind::admin {

// Expects that `find(wanted)` brings each second one of 120, newest first, page by page.
// `numbers_of(page)` tells what is on a page.
template<class Search, class Find, class NumbersOf>
void expect_pages_without_a_gap(Search wanted, Find find, NumbersOf numbers_of) {
    std::vector<std::uint64_t> seen;
    for (bool more = true; more;) {
        auto const page = find(wanted);
        auto const some = numbers_of(page);
        seen.insert(seen.end(), some.begin(), some.end());
        wanted.before = page.next_before;
        more = page.next_before.has_value();
        ASSERT_LE(seen.size(), 60U);
    }
    ASSERT_EQ(seen.size(), 60U);
    for (std::size_t i = 0; i < seen.size(); ++i)
        EXPECT_EQ(seen[i], 120 - 2 * i);
}

} // namespace secondwind::admin
