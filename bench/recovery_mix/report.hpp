// What the runs of a mix amount to: a table to read, one for docs/recovery.md, and the bars.
#pragma once

#include "run.hpp"

#include <string>
#include <vector>

namespace secondwind::bench {

struct result {
    bench::mix const* mix = nullptr;
    bench::conditions conditions{};
    front_kind front = front_kind::product;
    bench::figures figures{};
};

// A line for each result, with headings.
std::string as_text(std::vector<result> const& results);
// The table of docs/recovery.md: with guardrail and prompt release, and what the product loses
// without either of them.
std::string as_markdown(std::vector<result> const& results);
// A sentence for each bar that the product misses.
std::vector<std::string> missed_bars(std::vector<result> const& results);

} // namespace secondwind::bench
