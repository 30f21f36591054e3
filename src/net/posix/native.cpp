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
constexpr int no_signal = 0; // the process ignores it
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
    bool const opened = ::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) == 0;
#else
    bool const opened = ::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends.data()) == 0;
    for (auto const each : ends)
        ::fcntl(each, F_SETFD, FD_CLOEXEC);
#endif
    ec = opened ? error_code{} : error_code{errno, boost::system::system_category()};
    return {{AF_UNIX, 0}, ends[0], ends[1]};
}

} // namespace secondwind::net::native
