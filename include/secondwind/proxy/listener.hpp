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

// Where to listen, and for whom.
struct place {
    config::endpoint at;
    std::string host; // whose own it is; empty: the shared one
};

// As settings and people write it.
config::endpoint address_of(net::endpoint const& at);

// The shared one first, then those of the upstreams that have one, in their order.
std::vector<place> places_in(config::settings const& settings);

// An IPv6 listener takes the clients of IPv4 as well, unless another one has its port there.
bool is_ipv6_only(place const& one, std::vector<place> const& all);

// Its text is a sentence that says where, why, and what to do.
class listen_error : public std::runtime_error {
public:
    listen_error(place const& where, net::error_code why);
};

// Sessions hold it, and outlive its listening: they serve one more request then.
struct listener : boost::intrusive_ref_counter<listener, boost::thread_unsafe_counter> {
    // `open` listens already.
    listener(config::endpoint at, net::acceptor open)
        : configured{std::move(at)}, acceptor{std::move(open)}, local{acceptor.local_endpoint()},
          pause{acceptor.get_executor()} {}

    bool closed() const noexcept { return !acceptor.is_open(); }
    void close();

    config::endpoint configured; // its port may be 0
    net::acceptor acceptor;
    net::endpoint local;
    host::host_ptr host; // that all its requests go to; null: the shared one
    boost::asio::steady_timer pause;
    bool accepts = false;  // has begun to
    std::string announced; // with which upstream, in the log; empty: not yet
};
using listener_ptr = boost::intrusive_ptr<listener>;

} // namespace secondwind::proxy
