// The newest lines of the log, as the admin listener shows them. Pure.
#pragma once

#include <secondwind/base/log.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

struct log_search {
    std::optional<std::uint64_t> after; // only later ones
    std::size_t limit = 200;            // the newest of them
};
// Reads a query. Returns an error as a sentence, or an empty string.
std::string read_search(std::string_view query, log_search& into);

// A line without the network addresses of clients: the values of the fields "address" and "client",
// in text and in JSON. Keys, tokens, bodies and queries are in no line.
std::string without_addresses(std::string_view line);

// {"lines":[{"number":1,"level":"info","text":"..."}],"newest":1}, oldest first.
std::string log_document(std::vector<log::recent_line> const& all, log_search const& wanted,
                         bool show_addresses);

} // namespace secondwind::admin
