// Opens listening sockets.
#pragma once

#include <secondwind/net/socket.hpp>

#include <vector>

namespace secondwind::net {

// Binds and listens, or takes the listening socket that was passed on for that address
// (inherited.hpp). Throws boost::system::system_error if that fails. An IPv6 listener also accepts
// IPv4 clients, if the system is configured so, unless `ipv6_only` is set.
//
// `leaving` are listeners of this process that will be closed once the new one exists: its address
// may equal or overlap one of theirs. There is no moment without a listener.
acceptor open_listener(asio::io_context& io, endpoint const& at, bool ipv6_only = false,
                       std::vector<acceptor*> const& leaving = {});

// Accepts the pending connections before the listener is closed, because closing it would reset
// them.
std::vector<socket> last_clients(acceptor& from, asio::io_context& io);

} // namespace secondwind::net
