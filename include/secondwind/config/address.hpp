// Addresses in text form: where to listen, and where LM Studio is.
#pragma once

#include <secondwind/config/config.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

// Valid names of upstreams and clients' keys: [A-Za-z0-9_.-]+
bool is_name(std::string_view text) noexcept;
// The same in words, for expected_but_got().
inline constexpr std::string_view name_form = "a name of letters, digits, '_', '.' and '-'";

// http://HOST[:PORT][/] or https://... into host, port and tls; without a port it is 80 or 443 (RFC
// 9110 section 4.2). HOST:PORT is http://HOST:PORT, and :PORT or PORT is on this machine. The path
// /v1 is ignored: see url_note(). Returns the complaint as a clause ("expected ..., but got ..."),
// or nothing. It names any part that the URL must not have (another scheme or path, a query, user
// information).
std::string read_url(std::string_view text, upstream& into);

// What the author of a valid text may not expect, as a clause, or nothing: the path of the URL is
// ignored; a listener is on the loopback address only.
std::string url_note(std::string_view text);
std::string upstreams_note(std::string_view text); // of the text for read_upstreams()
std::string endpoint_note(std::string_view text);

// HOST[:PORT], as in the Host field of a request: without the default port of its scheme.
std::string authority(upstream const& u);

// HOST[:PORT], as in the Host field of a client: a name, a numeric address, or one in brackets.
bool is_host_with_or_without_port(std::string_view text) noexcept;

// The address to connect to for a listener on this one: the loopback address if it means all
// addresses.
std::string without_wildcard(std::string const& address);

// Whether only this machine can reach it.
bool is_loopback(endpoint const& e) noexcept;

// Whether two listeners would conflict. Port 0 is any free port, so it never conflicts.
bool is_same_place(endpoint const& one, endpoint const& other) noexcept;

// [NAME=]URL; without a name, `into` keeps its name.
std::string read_upstream(std::string_view text, upstream& into);

// [NAME=]URL[,[NAME=]URL...]
std::string read_upstreams(std::string_view text, std::vector<upstream>& into);

// The complaint about the whole list: it is empty, has two upstreams of one name, or has too many.
std::string check_upstreams(std::vector<upstream> const& all);

// "expected EXPECTED, but got "TEXT"".
std::string expected_but_got(std::string_view expected, std::string_view text);

// Nothing if the text does not have this form.
// ADDRESS:PORT with a numeric address; localhost:PORT, :PORT and PORT are 127.0.0.1:PORT.
std::optional<endpoint> parse_endpoint(std::string_view text);
std::optional<upstream> parse_upstream(std::string_view text); // as read_upstream()

} // namespace secondwind::config
