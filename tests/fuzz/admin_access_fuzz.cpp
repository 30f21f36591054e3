// For any request head: an admitted request names one of the listener's own hosts, comes from no
// other page, and has the token; and no action that a form could send is admitted.
#include "admin/access.hpp"
#include "target.hpp"

#include <secondwind/base/base64.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace admin_access_fuzz {
namespace {

using namespace secondwind;
using namespace secondwind::admin;
using secondwind::fuzz::require;

constexpr std::string_view token = "open-sesame-1234";

std::string lowered(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

// The names of the listener below.
bool is_ours(std::string_view name) {
    auto const host = lowered(name);
    constexpr std::array exact{"127.0.0.1:9235", "localhost:9235", "[::1]:9235",
                               "ops.example:8443"};
    return std::find(exact.begin(), exact.end(), host) != exact.end() || host == "any.example" ||
           host.starts_with("any.example:");
}

// A host that is no name, or "localhost": no letters but those of an IPv6 address.
bool is_no_name(std::string_view name) {
    auto const host = lowered(name);
    auto const end = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
    auto const bare = host.substr(0, end);
    return bare == "localhost" ||
           (!bare.empty() &&
            bare.find_first_not_of(bare.starts_with('[') ? "[0123456789abcdef:.]"
                                                         : "0123456789.") == std::string::npos);
}

bool is_our_origin(std::string_view origin) {
    for (std::string_view const scheme : {"http://", "https://"}) {
        if (origin.starts_with(scheme)) {
            return is_ours(origin.substr(scheme.size()));
        }
    }
    return false;
}

// Encodes again, which proves that the decoded text had no other encoding.
std::string encoded(std::string_view plain) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < plain.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits =
                bits << 8 | (i + k < plain.size() ? static_cast<unsigned char>(plain[i + k]) : 0);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += i + k <= plain.size() ? digits[bits >> (18 - 6 * k) & 63] : '=';
        }
    }
    return out;
}

bool knows_token(std::string_view authorization) {
    auto const value = lowered(authorization);
    if (value.starts_with("bearer ")) {
        return authorization.ends_with(" " + std::string{token});
    }
    auto const decoded = decode_base64(authorization.substr(authorization.rfind(' ') + 1));
    return value.starts_with("basic ") && decoded && decoded->ends_with(":" + std::string{token});
}

std::optional<std::string_view> next_line(std::string_view& rest) {
    auto const end = std::min(rest.find('\n'), rest.size());
    auto const line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line == "-" ? std::nullopt : std::optional{line}; // no such field
}

void check(config::admin const& rules, request_head const& request) {
    config::endpoint const local{"127.0.0.1", 9235};
    auto const refused = check_access(rules, local, request);
    if (refused) {
        require(refused->reply.status >= 400 && !refused->code.empty());
        require(refused->reply.body.find(token) == std::string::npos);
        return;
    }
    require(!request.origin || is_our_origin(*request.origin) ||
            (request.host && is_no_name(*request.host) &&
             lowered(*request.origin).ends_with("://" + lowered(*request.host))));
    if (is_probe(request)) {
        require(request.method != "POST");
        return;
    }
    require(request.host && (is_ours(*request.host) || is_no_name(*request.host)));
    require(!request.fetch_site || *request.fetch_site == "same-origin" ||
            *request.fetch_site == "none" ||
            (request.method == "GET" && request.path == "/" && request.fetch_mode == "navigate"));
    require(rules.token.empty() || (request.authorization && knows_token(*request.authorization)));
    if (request.method == "POST") {
        require(rules.allow_actions);
        require(request.content_type &&
                lowered(*request.content_type).starts_with("application/json"));
    }
}

void test(std::uint8_t const* data, std::size_t size) {
    std::string_view rest{reinterpret_cast<char const*>(data), size};
    if (auto const decoded = decode_base64(rest)) {
        require(encoded(*decoded) == rest);
    }
    request_head request;
    request.method = next_line(rest).value_or("");
    request.path = next_line(rest).value_or("");
    request.host = next_line(rest);
    request.origin = next_line(rest);
    request.fetch_site = next_line(rest);
    request.fetch_mode = next_line(rest);
    request.authorization = next_line(rest);
    request.content_type = next_line(rest);
    for (bool const guarded : {false, true}) {
        for (bool const acts : {false, true}) {
            config::admin rules;
            rules.token = guarded ? token : "";
            rules.allow_actions = acts;
            rules.allowed_hosts = {"any.example", "ops.example:8443"};
            check(rules, request);
        }
    }
}

secondwind::fuzz::target const registered{"admin_access", test};

} // namespace
} // namespace admin_access_fuzz
