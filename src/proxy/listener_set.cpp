#include <secondwind/base/log.hpp>
#include <secondwind/net/accept.hpp>
#include <secondwind/net/listen.hpp>
#include <secondwind/policy/route.hpp>
#include <secondwind/proxy/listener_set.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/system/system_error.hpp>

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace secondwind::proxy {

namespace {

using assigned = listener_set::assigned;

net::endpoint socket_address(config::endpoint const& endpoint) {
    return {net::asio::ip::make_address(endpoint.address), endpoint.port};
}

std::string host_name(listener const& one) {
    return one.host ? one.host->name() : std::string{};
}

// The listener at that place. Port 0 means another port each time, so there it is the listener of
// the same host.
listener_ptr kept(place const& wanted, std::vector<listener_ptr> const& all) {
    auto const address = socket_address(wanted.endpoint);
    auto const found = std::ranges::find_if(all, [&](listener_ptr const& each) {
        return socket_address(each->configured) == address &&
               (address.port() != 0 || host_name(*each) == wanted.host);
    });
    return found == all.end() ? listener_ptr{} : *found;
}

bool stays(listener_ptr const& one, listener_set::change const& next) {
    return std::ranges::any_of(next, [&](assigned const& each) { return each.listener == one; });
}

std::string text_of(net::endpoint const& endpoint) {
    return config::to_string(address_of(endpoint));
}

} // namespace

listener_set::change listener_set::prepare(config::settings const& settings) const {
    change next;
    auto const places = places_in(settings);
    for (auto const& each : places)
        next.push_back({kept(each, listeners_), each.host});
    std::vector<net::acceptor*> leaving;
    for (auto const& each : listeners_)
        if (!stays(each, next))
            leaving.push_back(&each->acceptor);
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (next[i].listener)
            continue;
        try {
            auto opened = net::open_listener(io_, socket_address(places[i].endpoint),
                                             is_ipv6_only(places[i], places), leaving);
            next[i].listener = new listener{places[i].endpoint, std::move(opened)};
        } catch (boost::system::system_error const& e) {
            throw listen_error{places[i], e.code()};
        }
    }
    return next;
}

void listener_set::take(change next, host::host_list const& hosts) {
    auto const before = std::exchange(listeners_, {});
    for (auto const& each : next)
        listen(each, hosts);
    for (auto const& each : before)
        if (!stays(each, next)) {
            log::write(log::level::info, "listener_closed",
                       {{"listen", text_of(each->local)}, {"host", host_name(*each)}});
            close(each);
        }
}

void listener_set::listen(assigned const& one, host::host_list const& hosts) {
    one.listener->host = hosts.find(one.host);
    listeners_.push_back(one.listener);
    if (!std::exchange(one.listener->accepts, true)) {
        ++accepting_;
        net::spawn(accept(one.listener));
    }
}

net::task<void> listener_set::accept(listener_ptr one) {
    auto take = [this, &one](net::socket accepted) { on_client_(one, std::move(accepted)); };
    // As a rule the descriptors are used up: clients that are connected go on, and free some.
    auto fail = [](std::string_view reason) {
        log::write(log::level::warn, "accept_failed", {{"error", reason}});
    };
    co_await net::accept_all(one->acceptor, one->pause, take, fail, make_way_);
    if (--accepting_ == 0)
        changed_.open();
}

void listener_set::log_addresses(host::host_list const& hosts, config::settings const& settings) {
    bool const by_model = config::routes_by_model(settings);
    auto const all = fmt::format("{}", fmt::join(hosts.names(), ", "));
    for (auto const& each : listeners_) {
        auto const shared_host = policy::route({}, hosts.names(), settings.default_upstream, false);
        auto const& host = each->host ? *each->host : hosts[*shared_host];
        bool const chooses = by_model && !each->host;
        auto const url = config::to_string(host.upstream);
        auto logged = chooses ? all : host.name() + "=" + url;
        if (each->logged == logged)
            continue;
        each->logged = std::move(logged);
        if (chooses)
            log::write(log::level::info, "listening",
                       {{"listen", text_of(each->local)}, {"routing", "model"}, {"hosts", all}});
        else
            log::write(
                log::level::info, "listening",
                {{"listen", text_of(each->local)}, {"host", host.name()}, {"upstream", url}});
    }
}

// When a listener is closed, the kernel resets the clients that it has connected and that were not
// accepted yet.
void listener_set::close(listener_ptr const& one) {
    for (auto& each : net::last_clients(one->acceptor, io_))
        on_client_(one, std::move(each));
    one->close();
}

void listener_set::close() {
    for (auto const& each : listeners_)
        if (!each->closed())
            close(each);
}

net::task<void> listener_set::stopped() {
    while (accepting_ > 0) {
        net::gate::waiter until{changed_};
        co_await until;
    }
}

} // namespace secondwind::proxy
