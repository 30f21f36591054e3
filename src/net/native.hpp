// Sockets as the system knows them, where Asio offers nothing.
#pragma once

#include <secondwind/net/socket.hpp>

#include <boost/asio/generic/datagram_protocol.hpp>

#include <cstddef>

namespace secondwind::net::native {

using handle = socket::native_handle_type;

// The error of the last call of this thread, as a number of boost::system::system_category().
int last_error() noexcept;
void forget_error() noexcept;

// As recv(2) and send(2), of a non-blocking socket. No signal is raised if the peer has gone.
std::ptrdiff_t receive(handle from, void* into, std::size_t size) noexcept;
std::ptrdiff_t send(handle to, void const* from, std::size_t size) noexcept;
void close(handle one) noexcept;

// Before it is bound: lets the address be bound although connections of an earlier listener are not
// over yet, but not while another socket listens there.
void claim_address(acceptor& listener);
// Whether other sockets of this process that say so too may be bound to the same address. Ignored
// by a system that has no such sharing: then bind() reports that the address is in use.
void share_address(acceptor& listener, bool on) noexcept;

// Two sockets of which each receives what the other sends.
struct pair {
    asio::generic::datagram_protocol protocol;
    handle ours;
    handle theirs;
};
pair open_pair(error_code& ec) noexcept;

} // namespace secondwind::net::native
