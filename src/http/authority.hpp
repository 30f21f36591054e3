// The form host[:port], as a Host field and an absolute-form target have it.
#pragma once

#include <string_view>

namespace secondwind::http {

// True for a registered name, an IPv4 address or a bracketed IPv6 address, and nothing, or a colon
// and a port from 0 to 65535, behind it. The host must not be empty: an "http" URI without one is
// invalid (RFC 9110 section 4.2.1). User information is refused (section 4.2.4).
bool is_host_and_port(std::string_view text) noexcept;

} // namespace secondwind::http
