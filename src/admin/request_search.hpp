// The search for requests that have ended: /api/requests. Pure.
#pragma once

#include <secondwind/telemetry/request_ring.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

struct request_search {
    std::optional<std::string> host;
    std::optional<std::string> model;
    std::optional<std::string> client;
    std::optional<std::string> route;
    std::optional<std::string> verdict;
    std::optional<std::string> ended;
    std::optional<std::string> id;                              // of the request
    int least_status = 0;                                       // from this one
    int most_status = 599;                                      // to this one
    std::optional<std::chrono::system_clock::time_point> since; // came then or later
    std::optional<std::chrono::system_clock::time_point> until; // came earlier
    std::optional<std::uint64_t> before;                        // with a lower number
    std::optional<std::uint64_t> after;                         // with a higher number
    std::size_t limit = 50;                                     // 1 to 500
};

// Reads the parameters, each optional, from the query of a URL: those above, with `request_id` for
// the id, and `status` for one code or for a class as "5xx". Returns an error as a sentence that
// names the parameter, or an empty string.
std::string read_search(std::string_view query, request_search& into);

// The same moment on both clocks: rows are timed by the one that is never set.
struct moment {
    std::chrono::system_clock::time_point time;
    std::chrono::steady_clock::time_point steady;
};

struct request_page {
    std::vector<std::uint64_t> numbers;       // newest first
    std::optional<std::uint64_t> next_before; // `before` for the next page, if there is one
};
request_page find_requests(telemetry::request_ring const& all, request_search const& wanted,
                           moment now);

// The JSON document of /api/requests.
std::string requests_document(telemetry::request_ring const& all, request_page const& page,
                              moment now);

} // namespace secondwind::admin
