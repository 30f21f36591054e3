// Where to listen and where LM Studio is, as people write it.
#pragma once

#include <secondwind/config/config.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

// What upstreams and clients' keys may be called: [A-Za-z0-9_.-]+
bool is_name(std::string_view text) noexcept;
// The same in words, for expected_but_got().
inline constexpr std::string_view name_form = "a name of letters, digits, '_', '.' and '-'";

// http://HOST[:PORT][/] or https://... into host, port and tls; without a port it is 80 or 443 (RFC
// 9110 section 4.2). What the URL must not have (another scheme, a path, a query, user information)
// is named in the answer.
// Returns the complaint as a clause ("expected ..., but got ..."), or nothing.
std::string read_url(std::string_view text, upstream& into);

// HOST[:PORT], as Host names it in a request: without the port that its scheme has anyway.
std::string authority(upstream const& u);

// HOST[:PORT], as a client names it in Host: a name, a numeric address, or one in brackets.
bool is_host_with_or_without_port(std::string_view text) noexcept;

// Whether only this machine reaches it.
bool is_loopback(endpoint const& e) noexcept;

// Whether no two can listen there. Port 0 is any free one, and so never the same.
bool is_same_place(endpoint const& one, endpoint const& other) noexcept;

// [NAME=]URL; without a name `into` keeps its own.
std::string read_upstream(std::string_view text, upstream& into);

// [NAME=]URL[,[NAME=]URL...]
std::string read_upstreams(std::string_view text, std::vector<upstream>& into);

// What is wrong with them together: none at all, two of one name, more than are supported.
std::string check_upstreams(std::vector<upstream> const& all);

// "expected EXPECTED, but got "TEXT"".
std::string expected_but_got(std::string_view expected, std::string_view text);

// Nothing where the text does not have the form.
std::optional<endpoint> parse_endpoint(std::string_view text);
std::optional<upstream> parse_upstream(std::string_view text); // [NAME=]http[s]://HOST[:PORT][/]

} // namespace secondwind::config
