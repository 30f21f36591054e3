// The search for recoveries: /api/recoveries. Pure.
#pragma once

#include <secondwind/recovery/record.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

struct recovery_search {
    std::optional<std::string> host;
    std::optional<recovery::outcome> outcome;                   // of the leading exchange
    std::optional<std::chrono::system_clock::time_point> since; // started then or later
    std::optional<std::chrono::system_clock::time_point> until; // started earlier
    std::optional<std::uint64_t> before;                        // with a lower id
    std::size_t limit = 50;                                     // 1 to 500
};

// Reads host, outcome, since, until, before and limit, each optional, from the query of a URL.
// `hosts` are the names of the hosts. Returns an error as a sentence that names the parameter, or
// an empty string.
std::string read_search(std::string_view query, std::vector<std::string> const& hosts,
                        recovery_search& into);

struct recovery_page {
    std::vector<recovery::record const*> records; // newest first
    std::optional<std::uint64_t> next_before;     // `before` for the next page, if there is one
};
// `all` is sorted, oldest first, and must outlive the page.
recovery_page find_recoveries(std::deque<std::shared_ptr<recovery::record>> const& all,
                              recovery_search const& wanted);

// The JSON array of /api/recoveries.
std::string array_of(std::vector<recovery::record const*> const& records);

} // namespace secondwind::admin
