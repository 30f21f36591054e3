#include <secondwind/policy/host_names.hpp>

#include <secondwind/base/ascii.hpp>

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace secondwind::policy {

namespace {

bool is_valid_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, port);
    return error == std::errc{} && stop == end;
}

bool is_ip_address(std::string_view name) noexcept {
    if (name.starts_with('[') && name.ends_with(']')) {
        name = name.substr(1, name.size() - 2);
        return boost::urls::parse_ipv6_address({name.data(), name.size()}).has_value();
    }
    return boost::urls::parse_ipv4_address({name.data(), name.size()}).has_value();
}

} // namespace

host_and_port split_host(std::string_view text) noexcept {
    auto const end_of_name = text.starts_with('[') ? text.find(']') : 0;
    auto const colon = text.find(':', std::min(end_of_name, text.size()));
    if (colon == std::string_view::npos)
        return {text, {}};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

bool is_port(std::string_view port, std::string_view expected, std::string_view scheme) noexcept {
    if (!port.empty())
        return port == expected;
    return (scheme != "https" && expected == "80") || (scheme != "http" && expected == "443");
}

bool cannot_be_rebound(std::string_view text) noexcept {
    auto const given = split_host(text);
    bool const has_port = given.name.size() != text.size();
    return (!has_port || is_valid_port(given.port)) &&
           (iequals(given.name, "localhost") || is_ip_address(given.name));
}

bool is_among(std::string_view text, std::vector<std::string> const& names,
              std::string_view scheme) noexcept {
    auto const given = split_host(text);
    return std::ranges::any_of(names, [&](std::string const& entry) {
        auto const known = split_host(entry);
        return iequals(given.name, known.name) &&
               (known.port.empty() || is_port(given.port, known.port, scheme));
    });
}

std::optional<http::refusal> refuse_host(std::vector<std::string> const& allowed,
                                         std::string_view authority,
                                         std::span<http::field const> fields) {
    if (allowed.empty())
        return std::nullopt;
    auto host = authority;
    if (host.empty()) {
        auto const is_host = [](http::field const& line) { return iequals(line.name, "host"); };
        auto const found = std::ranges::find_if(fields, is_host);
        if (found == fields.end())
            return std::nullopt;
        host = found->value;
    }
    if (cannot_be_rebound(host) || is_among(host, allowed, {}))
        return std::nullopt;
    return http::refusal{403, "host_not_allowed",
                         "The Host field names none of clients.allowed_hosts. Use the IP address, "
                         "or add the name there."};
}

} // namespace secondwind::policy
