// Reads a request line, and the authority that it or a Host field names (RFC 9112 section 3).
#pragma once

#include "field_reader.hpp"

#include <secondwind/http/request_check.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace secondwind::http {

// Fills in method, target, authority and version, and sets `end` to where the first field line
// begins. Returns nothing on success. The head must end with an empty line.
std::optional<request_fault> read_request_line(std::string_view head, std::size_t most_target,
                                               request_head& out, std::size_t& end) noexcept;

// True for the form host[:port], as a Host field and an absolute-form target have it: a registered
// name, an IPv4 address or a bracketed IPv6 address, then nothing, or a
// colon and a port from 0 to 65535. The host must not be empty: an "http" URI without one is
// invalid (RFC 9110 section 4.2.1). User information is refused (section 4.2.4).
bool is_host_and_port(std::string_view text) noexcept;

} // namespace secondwind::http
