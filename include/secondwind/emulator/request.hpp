// A request as it arrived. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::emulator {

struct request {
    std::uint64_t connection = 0; // the first accepted connection is 1
    std::string method;
    std::string target;
    std::string version;                                     // "HTTP/1.1"
    std::string head;                                        // the bytes, with the empty line
    std::vector<std::pair<std::string, std::string>> fields; // in order, names as written
    std::string body;                                        // without its framing

    // The value of the first field of that name; case does not matter.
    std::optional<std::string_view> field(std::string_view name) const;
};

// Splits a head that ends with its empty line; the body is left empty. Bytes that are no HTTP give
// a request with empty members.
request parse_head(std::string head);

} // namespace secondwind::emulator
