#include <secondwind/proxy/listener.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace secondwind::proxy {

namespace {

bool is_ipv6(config::endpoint const& endpoint) {
    return endpoint.address.find(':') != std::string::npos;
}

std::string sentence(place const& place, net::error_code const& error) {
    auto const setting = place.host.empty()
                             ? std::string{"--listen ADDR:PORT"}
                             : fmt::format("upstreams[].listen of \"{}\"", place.host);
    auto const advice =
        error == net::asio::error::address_in_use
            ? "Another program uses that port; stop it, or choose another port with " + setting
            : "Choose an address of this machine with " + setting;
    return fmt::format("cannot listen on {}: {}. {}.", config::to_string(place.endpoint),
                       error.message(), advice);
}

} // namespace

config::endpoint address_of(net::endpoint const& endpoint) {
    return {endpoint.address().to_string(), endpoint.port()};
}

listen_error::listen_error(place const& place, net::error_code error)
    : std::runtime_error{sentence(place, error)} {}

std::vector<place> places_in(config::settings const& settings) {
    std::vector<place> all{{settings.listen, {}}};
    for (auto const& each : settings.upstreams)
        if (each.listen)
            all.push_back({*each.listen, each.name});
    return all;
}

bool is_ipv6_only(place const& one, std::vector<place> const& all) {
    return is_ipv6(one.endpoint) && one.endpoint.port != 0 &&
           std::ranges::any_of(all, [&](place const& other) {
               return !is_ipv6(other.endpoint) && other.endpoint.port == one.endpoint.port;
           });
}

void listener::close() {
    net::error_code ec;
    acceptor.close(ec);
    pause.cancel();
}

} // namespace secondwind::proxy
