// Opens listeners.
#pragma once

#include <secondwind/net/socket.hpp>

#include <vector>

namespace secondwind::net {

// Binds and listens, or takes the listener that was passed on for that place (inherited.hpp);
// throws boost::system::system_error where that fails. One of IPv6 takes clients of IPv4 as well,
// as the system has it, unless `ipv6_only`.
//
// `leaving` are listeners of ours that will be closed once this one is there: it may have an
// address that one of them has, or that lies within one's. There is no moment in which nobody
// listens.
acceptor open_listener(asio::io_context& io, endpoint const& at, bool ipv6_only = false,
                       std::vector<acceptor*> const& leaving = {});

// Takes those who are connected and were not accepted yet, before the listener is closed: closing
// it would reset them.
std::vector<socket> last_clients(acceptor& from, asio::io_context& io);

} // namespace secondwind::net
