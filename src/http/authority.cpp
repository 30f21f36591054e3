#include "authority.hpp"

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

} // namespace

bool is_host_and_port(std::string_view text) noexcept {
    auto const end = host_end(text);
    if (end == 0 || end == std::string_view::npos) {
        return false;
    }
    return end == text.size() || (text[end] == ':' && is_port(text.substr(end + 1)));
}

} // namespace secondwind::http
