// Reads a request line (RFC 9112 section 3).
#pragma once

#include "field_reader.hpp"

#include <secondwind/http/request_check.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace secondwind::http {

// Fills in method, target, authority and version, and sets `end` to where the first field line
// begins. Nothing where all is well. The head must end with an empty line.
std::optional<request_fault> read_request_line(std::string_view head, std::size_t most_target,
                                               request_head& out, std::size_t& end) noexcept;

} // namespace secondwind::http
