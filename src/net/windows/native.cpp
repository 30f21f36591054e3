#include "../native.hpp"

#include <boost/asio/ip/udp.hpp>

#include <algorithm>
#include <limits>

#include <winsock2.h>

#include <windows.h>

namespace secondwind::net::native {

namespace {

int limited(std::size_t size) noexcept {
    return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

} // namespace

int last_error() noexcept {
    return ::WSAGetLastError();
}

void forget_error() noexcept {
    ::WSASetLastError(0);
}

std::ptrdiff_t receive(handle from, void* into, std::size_t size) noexcept {
    return ::recv(from, static_cast<char*>(into), limited(size), 0);
}

std::ptrdiff_t send(handle to, void const* from, std::size_t size) noexcept {
    return ::send(to, static_cast<char const*>(from), limited(size), 0);
}

void close(handle one) noexcept {
    ::closesocket(one);
}

// With SO_REUSEADDR any program could take the address of a listener. Connections of an earlier one
// are in nobody's way there.
void claim_address(acceptor& listener) {
    asio::detail::socket_option::boolean<SOL_SOCKET, SO_EXCLUSIVEADDRUSE> const alone{true};
    listener.set_option(alone);
}

void share_address(acceptor& /*listener*/, bool /*on*/) noexcept {}

// There is no socketpair().
pair open_pair(error_code& ec) noexcept {
    using asio::ip::udp;
    pair made{{AF_INET, IPPROTO_UDP}, INVALID_SOCKET, INVALID_SOCKET};
    asio::io_context io{1};
    udp::socket ours{io};
    udp::socket theirs{io};
    udp::endpoint const anywhere{asio::ip::address_v4::loopback(), 0};
    for (auto* const each : {&ours, &theirs}) {
        if (!ec)
            each->open(udp::v4(), ec);
        if (!ec)
            each->bind(anywhere, ec);
    }
    // What anybody else sends to the port is not received.
    if (!ec)
        ours.connect(theirs.local_endpoint(ec), ec);
    if (!ec)
        theirs.connect(ours.local_endpoint(ec), ec);
    if (!ec)
        made.ours = ours.release(ec);
    if (!ec)
        made.theirs = theirs.release(ec);
    if (ec && made.ours != INVALID_SOCKET)
        close(made.ours);
    return made;
}

} // namespace secondwind::net::native
