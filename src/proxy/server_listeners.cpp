// Where the server listens, and how that changes while it runs.
#include <secondwind/base/log.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/net/listen.hpp>
#include <secondwind/policy/route.hpp>
#include <secondwind/proxy/server.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::proxy {

namespace {

using assigned = server::change::assigned;

net::endpoint socket_address(config::endpoint const& at) {
    return {net::asio::ip::make_address(at.address), at.port};
}

std::string name_of(listener_ptr const& one) {
    return one->host ? one->host->name() : std::string{};
}

// The one at that place; with port 0, which is a different place each time, the same host's.
listener_ptr kept(place const& wanted, std::vector<listener_ptr> const& all) {
    auto const at = socket_address(wanted.at);
    auto const found = std::ranges::find_if(all, [&](listener_ptr const& each) {
        return socket_address(each->configured) == at &&
               (at.port() != 0 || name_of(each) == wanted.host);
    });
    return found == all.end() ? listener_ptr{} : *found;
}

bool stays(listener_ptr const& one, std::vector<assigned> const& among) {
    return std::ranges::any_of(among, [&](assigned const& each) { return each.at == one; });
}

std::string text_of(net::endpoint const& at) {
    return config::to_string(address_of(at));
}

} // namespace

server::change server::prepare(config::settings const& fresh) {
    change to;
    to.tls = net::tls_context::for_listener(fresh.tls.certificate_file, fresh.tls.key_file);
    auto const places = places_in(fresh);
    for (auto const& each : places)
        to.listeners.push_back({kept(each, listeners_), each.host});
    std::vector<net::acceptor*> leaving;
    for (auto const& each : listeners_)
        if (!stays(each, to.listeners))
            leaving.push_back(&each->acceptor);
    for (std::size_t i = 0; i < places.size(); ++i) {
        auto& one = to.listeners[i];
        if (one.at)
            continue;
        try {
            auto opened = net::open_listener(shared_.io, socket_address(places[i].at),
                                             is_ipv6_only(places[i], places), leaving);
            one.at = new listener{places[i].at, std::move(opened)};
        } catch (boost::system::system_error const& e) {
            throw listen_error{places[i], e.code()};
        }
    }
    to.hosts = shared_.hosts.prepare(fresh.upstreams);
    return to;
}

void server::take(change to) {
    tls_ = std::move(to.tls);
    shared_.hosts.take(std::move(to.hosts));
    auto const before = std::exchange(listeners_, {});
    for (auto const& each : to.listeners)
        listen_at(each);
    for (auto const& each : before)
        if (!stays(each, to.listeners)) {
            log::write(
                log::level::info, "listener_closed",
                {{"listen", text_of(each->local)}, {"host", each->host ? each->host->name() : ""}});
            close(each);
        }
    shared_.hosts.start();
}

void server::listen_at(change::assigned const& one) {
    one.at->host = shared_.hosts.find(one.host);
    listeners_.push_back(one.at);
    if (!std::exchange(one.at->accepts, true)) {
        ++accepting_;
        net::spawn(accept_all(one.at));
    }
}

void server::announce() {
    auto const& hosts = shared_.hosts;
    for (auto const& each : listeners_) {
        auto const shared_one = policy::route({}, hosts.names(), shared_.settings.default_upstream);
        auto const& host = each->host ? *each->host : hosts[*shared_one];
        auto const url = config::to_string(host.upstream);
        auto said = host.name() + "=" + url;
        if (each->announced == said)
            continue;
        each->announced = std::move(said);
        log::write(log::level::info, "listening",
                   {{"listen", text_of(each->local)}, {"host", host.name()}, {"upstream", url}});
    }
    if (auto const open = config::open_to_network(shared_.settings); !open.empty())
        log::write(log::level::warn, "open_to_network",
                   {{"listen", open}, {"advice", config::close_to_network}});
}

} // namespace secondwind::proxy
