// The names by which a listener is asked for, as they stand in a Host field. Pure.
#pragma once

#include <secondwind/http/head.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

// HOST[:PORT]; the port is empty if it is missing. An IPv6 address keeps its brackets.
struct host_and_port {
    std::string_view name;
    std::string_view port;
};
host_and_port split_host(std::string_view text) noexcept;

// A missing port is the default port of the scheme. Where that is unknown (empty), because a
// reverse proxy in front may use TLS, both defaults match.
bool is_port(std::string_view port, std::string_view expected, std::string_view scheme) noexcept;

// Whether a browser sends this HOST[:PORT] only to the server that is meant: an IP address or
// "localhost", with any port. Every other name can be made to resolve to any address by whoever
// owns it (DNS rebinding).
bool cannot_be_rebound(std::string_view text) noexcept;

// Whether HOST[:PORT] is one of these names. An entry without a port is for any port.
bool is_among(std::string_view text, std::vector<std::string> const& names,
              std::string_view scheme) noexcept;

// Refuses a request for another host than `allowed` (403 host_not_allowed). Nothing is refused if
// the list is empty. What cannot be rebound is always allowed, and so is a request without a host,
// which no browser sends. `authority` is that of an absolute-form target, or empty.
std::optional<http::refusal> refuse_host(std::vector<std::string> const& allowed,
                                         std::string_view authority,
                                         std::span<http::field const> fields);

} // namespace secondwind::policy
