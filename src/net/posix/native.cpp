#include "../native.hpp"

#include <cerrno>

#include <array>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace secondwind::net::native {

namespace {

#ifdef MSG_NOSIGNAL
constexpr int no_signal = MSG_NOSIGNAL;
#else
constexpr int no_signal = 0; // macOS: each socket has SO_NOSIGPIPE
#endif

} // namespace

int last_error() noexcept {
    return errno;
}

void forget_error() noexcept {
    errno = 0;
}

std::ptrdiff_t receive(handle from, void* into, std::size_t size) noexcept {
    return ::recv(from, into, size, 0);
}

std::ptrdiff_t send(handle to, void const* from, std::size_t size) noexcept {
    return ::send(to, from, size, no_signal);
}

void close(handle one) noexcept {
    ::close(one);
}

void claim_address(acceptor& listener) {
    listener.set_option(asio::socket_base::reuse_address{true});
}

void share_address(acceptor& listener, bool on) noexcept {
    int const value = on ? 1 : 0;
    ::setsockopt(listener.native_handle(), SOL_SOCKET, SO_REUSEPORT, &value, sizeof value);
}

pair open_pair(error_code& ec) noexcept {
    std::array<int, 2> ends{};
#ifdef SOCK_CLOEXEC
    constexpr int type = SOCK_DGRAM | SOCK_CLOEXEC;
#else
    constexpr int type = SOCK_DGRAM;
#endif
    if (::socketpair(AF_UNIX, type, 0, ends.data()) != 0) {
        ec = {errno, boost::system::system_category()};
        return {{AF_UNIX, 0}, -1, -1};
    }
#ifndef SOCK_CLOEXEC // macOS
    for (auto const each : ends) {
        int const on = 1;
        ::fcntl(each, F_SETFD, FD_CLOEXEC);
        ::setsockopt(each, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    }
#endif
    ec = {};
    return {{AF_UNIX, 0}, ends[0], ends[1]};
}

} // namespace secondwind::net::native
