// A listener for clients.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/host/host.hpp>
#include <secondwind/net/socket.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace secondwind::proxy {

// An address to listen at, and for which host.
struct place {
    config::endpoint endpoint;
    std::string host; // that has the listener for itself; empty: the shared listener
};

// As the settings and people write it.
config::endpoint address_of(net::endpoint const& endpoint);

// The shared one first, then those of the upstreams that have one, in their order.
std::vector<place> places_in(config::settings const& settings);

// An IPv6 listener accepts IPv4 clients as well, unless `all` has an IPv4 place with its port.
bool is_ipv6_only(place const& one, std::vector<place> const& all);

// Its text is a sentence that says which address failed, why, and what to do.
class listen_error : public std::runtime_error {
public:
    listen_error(place const& place, net::error_code error);
};

// Its sessions keep it after it has stopped listening: they serve one more request then.
struct listener : boost::intrusive_ref_counter<listener, boost::thread_unsafe_counter> {
    // `listening` listens already.
    listener(config::endpoint endpoint, net::acceptor listening)
        : configured{std::move(endpoint)}, acceptor{std::move(listening)},
          local{acceptor.local_endpoint()}, pause{acceptor.get_executor()} {}

    bool closed() const noexcept { return !acceptor.is_open(); }
    void close();

    config::endpoint configured; // its port may be 0
    net::acceptor acceptor;
    net::endpoint local;
    host::host_ptr host; // that gets all its requests; null: the shared listener
    boost::asio::steady_timer pause;
    bool accepts = false; // its accept loop was started
    std::string logged;   // the host and upstream that the log names for it; empty: none yet
};
using listener_ptr = boost::intrusive_ptr<listener>;

} // namespace secondwind::proxy
