#include <secondwind/app/loops.hpp>

#include <secondwind/base/ascii.hpp>
#include <secondwind/base/escape.hpp>
#include <secondwind/config/builder.hpp>
#include <secondwind/net/lookup.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace secondwind::app {

namespace {

using net::asio::ip::address;
using net::asio::ip::address_v4;
using net::asio::ip::address_v6;

constexpr std::chrono::seconds longest_lookup{2};

struct listener {
    config::endpoint at;
    std::string key;
};

std::vector<listener> listeners_in(config::settings const& all) {
    std::vector<listener> found{{all.listen, "listen"}};
    for (auto const& upstream : all.upstreams)
        if (upstream.listen)
            found.push_back({*upstream.listen, "the listen of " + in_quotes(upstream.name)});
    if (all.admin.listen)
        found.push_back({*all.admin.listen, "admin.listen"});
    if (all.admin.probe_listen)
        found.push_back({*all.admin.probe_listen, "admin.probe_listen"});
    return found;
}

// What a connect to this address reaches: an unspecified one reaches loopback, and an IPv4 address
// in an IPv6 one is the same as by itself.
address reached_by(address one) {
    if (one.is_v6() && one.to_v6().is_v4_mapped())
        one = net::asio::ip::make_address_v4(net::asio::ip::v4_mapped, one.to_v6());
    if (!one.is_unspecified())
        return one;
    return one.is_v4() ? address{address_v4::loopback()} : address{address_v6::loopback()};
}

// Of this machine: only to such an address can a socket be bound.
bool is_own(address const& one) {
    net::asio::io_context io;
    net::asio::ip::udp::socket socket{io};
    net::error_code ec;
    net::asio::ip::udp::endpoint const endpoint{one, 0};
    socket.open(endpoint.protocol(), ec);
    if (!ec)
        socket.bind(endpoint, ec);
    return !ec;
}

bool accepts_at(config::endpoint const& listen, address const& connected) {
    auto const at = net::asio::ip::make_address(listen.address);
    if (!at.is_unspecified())
        return reached_by(at) == connected;
    // A listener on "::" accepts IPv4 as well.
    return (at.is_v6() || connected.is_v4()) && is_own(connected);
}

bool is_localhost(std::string_view host) {
    constexpr std::string_view name = "localhost";
    constexpr std::string_view below = ".localhost"; // RFC 6761 section 6.3
    if (host.ends_with('.'))
        host.remove_suffix(1);
    return iequals(host, name) ||
           (host.size() > below.size() && iequals(host.substr(host.size() - below.size()), below));
}

// An address in any form that connect() takes, such as 127.1 or 0x7f000001.
std::optional<address> numeric(std::string const& host) {
    using net::asio::ip::udp;
    net::asio::io_context io;
    udp::resolver resolver{io};
    net::error_code ec;
    auto const found = resolver.resolve(host, "", udp::resolver::numeric_host, ec);
    if (ec || found.empty())
        return std::nullopt;
    return found.begin()->endpoint().address();
}

std::vector<address> addresses_of(std::string const& host, std::uint16_t port, bool look_up) {
    if (auto const one = numeric(host))
        return {*one};
    std::vector<address> all;
    if (is_localhost(host))
        return {address{address_v4::loopback()}, address{address_v6::loopback()}};
    if (!look_up)
        return all;
    net::asio::io_context io;
    net::lookup lookup{io};
    lookup.begin(host, port);
    io.run_for(longest_lookup);
    for (auto const& endpoint : lookup.addresses())
        all.push_back(endpoint.address());
    return all;
}

} // namespace

void refuse_loops(config::settings const& all, bool look_up_names) {
    auto const listeners = listeners_in(all);
    for (auto const& upstream : all.upstreams) {
        auto const same_port = [&](listener const& each) { return each.at.port == upstream.port; };
        if (std::ranges::none_of(listeners, same_port))
            continue;
        for (auto const& each : addresses_of(upstream.host, upstream.port, look_up_names))
            for (auto const& listener : listeners)
                if (same_port(listener) && accepts_at(listener.at, reached_by(each)))
                    throw config::config_error{
                        fmt::format("upstreams: {} of {} is secondwind itself ({} is {}), so each "
                                    "request would "
                                    "come back to it. Set the URL to LM Studio's own address, as "
                                    "http://127.0.0.1:1234",
                                    config::to_string(upstream), in_quotes(upstream.name),
                                    listener.key, config::to_string(listener.at))};
    }
}

} // namespace secondwind::app
