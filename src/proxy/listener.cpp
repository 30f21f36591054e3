#include <secondwind/proxy/listener.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace secondwind::proxy {

namespace {

bool is_ipv6(config::endpoint const& at) {
    return at.address.find(':') != std::string::npos;
}

std::string sentence(place const& where, net::error_code const& why) {
    auto const how = where.host.empty() ? std::string{"--listen ADDR:PORT"}
                                        : fmt::format("upstreams[].listen of \"{}\"", where.host);
    auto const advice =
        why == net::asio::error::address_in_use
            ? "Another program uses that port; stop it, or choose another with " + how
            : "Choose an address of this machine with " + how;
    return fmt::format("cannot listen on {}: {}. {}.", config::to_string(where.at), why.message(),
                       advice);
}

} // namespace

config::endpoint address_of(net::endpoint const& at) {
    return {at.address().to_string(), at.port()};
}

listen_error::listen_error(place const& where, net::error_code why)
    : std::runtime_error{sentence(where, why)} {}

std::vector<place> places_in(config::settings const& settings) {
    std::vector<place> all{{settings.listen, {}}};
    for (auto const& each : settings.upstreams)
        if (each.listen)
            all.push_back({*each.listen, each.name});
    return all;
}

bool is_ipv6_only(place const& one, std::vector<place> const& all) {
    return is_ipv6(one.at) && one.at.port != 0 && std::ranges::any_of(all, [&](place const& other) {
               return !is_ipv6(other.at) && other.at.port == one.at.port;
           });
}

void listener::close() {
    net::error_code ec;
    acceptor.close(ec);
    pause.cancel();
}

} // namespace secondwind::proxy
