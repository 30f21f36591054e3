// Opens listening sockets.
#pragma once

#include <secondwind/net/socket.hpp>

#include <vector>

namespace secondwind::net {

// Binds and listens, or takes the listening socket that was passed on for that address
// (inherited.hpp). Throws boost::system::system_error if that fails. One for IPv6 accepts clients
// of IPv4 as well, by the system's own setting, unless `ipv6_only`.
//
// `leaving` are listeners of this process that will be closed once this one is there: it may have
// the address of one of them, or one that such an address includes. There is no moment without a
// listener.
acceptor open_listener(asio::io_context& io, endpoint const& at, bool ipv6_only = false,
                       std::vector<acceptor*> const& leaving = {});

// Accepts the connections that wait to be accepted, before the listener is closed: closing it would
// reset them.
std::vector<socket> last_clients(acceptor& from, asio::io_context& io);

} // namespace secondwind::net
