#include "request_line.hpp"
#include <secondwind/base/ascii.hpp>

#include "characters.hpp"

#include <boost/url/ipv6_address.hpp>

namespace secondwind::http {

namespace {

// Where the host ends; npos if it is malformed.
std::size_t host_end(std::string_view text) noexcept {
    if (text.starts_with('[')) {
        auto const close = text.find(']');
        if (close == std::string_view::npos) {
            return close;
        }
        auto const address = text.substr(1, close - 1);
        bool const valid =
            boost::urls::parse_ipv6_address({address.data(), address.size()}).has_value();
        return valid ? close + 1 : std::string_view::npos;
    }
    std::size_t at = 0;
    while (at < text.size()) {
        if (is(text[at], host_octet)) {
            ++at;
        } else if (text[at] == '%' && text.size() - at > 2 && hex_value(text[at + 1]) != 0xff &&
                   hex_value(text[at + 2]) != 0xff) {
            at += 3;
        } else {
            break;
        }
    }
    return at;
}

bool is_port(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5) {
        return false;
    }
    unsigned port = 0;
    for (char const c : text) {
        if (!is_digit(c)) {
            return false;
        }
        port = port * 10 + static_cast<unsigned>(c - '0');
    }
    return port <= 65535;
}

constexpr std::string_view target_rule = "target";

// Finds the form of a target whose octets are known to be good (RFC 9112 section 3.2).
std::optional<fault> read_target(std::string_view target, request_head& out) noexcept {
    if (target.front() == '/') {
        out.target = target;
        return std::nullopt;
    }
    bool const options = out.method == "OPTIONS";
    if (target == "*" && options) {
        out.target = target;
        return std::nullopt;
    }
    std::size_t scheme = 0;
    for (std::string_view const each : {"http://", "https://"}) {
        if (iequals(target.substr(0, each.size()), each)) {
            scheme = each.size();
        }
    }
    if (scheme == 0) {
        return fault{
            target_rule,
            "The request target does not begin with \"/\"; send the path, or a complete http URL."};
    }
    auto const rest = target.substr(scheme);
    auto const path = rest.find_first_of("/?");
    out.authority = rest.substr(0, path);
    if (!is_host_and_port(out.authority)) {
        return fault{target_rule,
                     "The request target has no valid host; write http://host[:port]/path."};
    }
    if (path == std::string_view::npos) {
        // An empty path means "/", but with OPTIONS it means the server itself (section 3.2.4).
        out.target = options ? "*" : "/";
        return std::nullopt;
    }
    if (rest[path] == '?') {
        return fault{target_rule, "The request target has a query but no path; write "
                                  "http://host[:port]/?query."};
    }
    out.target = rest.substr(path);
    return std::nullopt;
}

} // namespace

bool is_host_and_port(std::string_view text) noexcept {
    auto const end = host_end(text);
    if (end == 0 || end == std::string_view::npos) {
        return false;
    }
    return end == text.size() || (text[end] == ':' && is_port(text.substr(end + 1)));
}

std::optional<request_fault> read_request_line(std::string_view head, std::size_t most_target,
                                               request_head& out, std::size_t& end) noexcept {
    constexpr fault malformed{"request_line", "The request line is malformed; write \"METHOD "
                                              "/path HTTP/1.1\" with single spaces."};
    auto const skip_from = [head](std::size_t from, octet_class of) noexcept {
        return static_cast<std::size_t>(skip_to_stop(head.data() + from, of) - head.data());
    };
    auto const method_end = skip_from(0, tchar);
    if (method_end == 0 || head[method_end] != ' ') {
        return request_fault{400, malformed};
    }
    out.method = head.substr(0, method_end);
    if (is_literal(out.method, "CONNECT")) {
        return request_fault{
            400, {"connect", "This is not a forward proxy; send the request itself, not CONNECT."}};
    }

    auto const target_begin = method_end + 1;
    auto const target_end = skip_from(target_begin, target_octet);
    auto const target = head.substr(target_begin, target_end - target_begin);
    if (target.size() > most_target) {
        return request_fault{
            414,
            {"target_too_long",
             "The request target is too long; shorten it, or raise limits.target."}};
    }
    if (target.empty() || head[target_end] != ' ') {
        bool const bad_octet = head[target_end] != ' ' && head[target_end] != '\r';
        return request_fault{
            400, bad_octet ? fault{target_rule, "The request target contains a byte that is not "
                                                "allowed in a URL; percent-encode it."}
                           : malformed};
    }

    // "HTTP/", a digit, a dot, a digit.
    auto const version_begin = target_end + 1;
    auto const version = head.substr(version_begin, 8);
    if (version.size() != 8 || !begins_with(version, "HTTP/") || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7]) ||
        !begins_with(head.substr(version_begin + 8), "\r\n")) {
        return request_fault{400, malformed};
    }
    if (version[5] != '1') {
        return request_fault{505,
                             {"version", "This version of HTTP is not supported; use HTTP/1.1."}};
    }
    // A later minor version promises to understand 1.1 (RFC 9110 section 2.5).
    out.version = version[7] == '0' ? version::http10 : version::http11;
    end = version_begin + 10;

    if (auto const wrong = read_target(target, out)) {
        return request_fault{400, *wrong};
    }
    return std::nullopt;
}

} // namespace secondwind::http
