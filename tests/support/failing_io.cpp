#include "support/failing_io.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

// The linker's --wrap turns each call of `recv` into one of `__wrap_recv`, which calls the C
// library's function as `__real_recv`. The linker chooses these names.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {
ssize_t __real_recv(int fd, void* into, size_t size, int flags);
ssize_t __real_recvmsg(int fd, msghdr* message, int flags);
ssize_t __real_send(int fd, void const* from, size_t size, int flags);
ssize_t __real_sendmsg(int fd, msghdr const* message, int flags);
int __real_connect(int fd, sockaddr const* to, socklen_t size);
int __real_getsockopt(int fd, int level, int name, void* value, socklen_t* size);
int __real_epoll_ctl(int epoll, int operation, int fd, epoll_event* event);
int __real_close(int fd);
}

namespace secondwind::test {

namespace {

enum class state { healthy, tearing, ended, broken };

struct watched {
    io_side side;
    test::state state = state::healthy;
    bool answering = false; // something was read since the last write
};

struct everything {
    std::uint16_t proxy_port;
    std::uint16_t host_port;
    std::map<int, watched> sockets;
    std::map<int, std::pair<int, epoll_event>> registrations; // with which epoll, for which events
    std::optional<io_fault> fault;
    std::size_t calls = 0; // of the armed kind
    bool reached = false;
    bool cut_an_answer = false;
    std::string received;
};
std::optional<everything> all;

std::uint16_t port_of(sockaddr const* address) {
    auto const* const ip = reinterpret_cast<sockaddr_in const*>(address);
    return address->sa_family == AF_INET ? ntohs(ip->sin_port) : std::uint16_t{0};
}

// Null if it is not one of the proxy's connections.
watched* find(int fd) {
    if (!all)
        return nullptr;
    if (auto const known = all->sockets.find(fd); known != all->sockets.end())
        return &known->second;
    sockaddr_in address{};
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::getpeername(fd, generic, &size) != 0)
        return nullptr;
    auto const peer = port_of(generic);
    auto const own = ::getsockname(fd, generic, &size) == 0 ? port_of(generic) : 0;
    if (own != all->proxy_port && peer != all->host_port)
        return nullptr;
    auto const side = own == all->proxy_port ? io_side::client : io_side::host;
    return &all->sockets.insert_or_assign(fd, watched{side}).first->second;
}

// The fault that this call gets, if any.
io_failure due(watched const& socket, io_call call) {
    auto const& fault = all->fault;
    if (!fault || all->reached || fault->side != socket.side || fault->call != call ||
        all->calls++ < fault->k)
        return io_failure::none;
    all->reached = true;
    return fault->with;
}

// The peer gets a reset, and epoll reports an error.
void break_off(int fd, watched& socket) {
    socket.state = state::broken;
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    __real_connect(fd, &nobody, sizeof nobody);
}

// Epoll is edge-triggered: without a new edge, a caller that believes a would_block waits forever.
void tell_readiness_again(int fd) {
    auto const found = all->registrations.find(fd);
    if (found != all->registrations.end())
        __real_epoll_ctl(found->second.first, EPOLL_CTL_MOD, fd, &found->second.second);
}

int fail_with(int error) {
    errno = error;
    return -1;
}

int error_of(io_failure f) {
    constexpr std::array errors{0, ECONNRESET, EPIPE,        ETIMEDOUT,    0,          0,
                                0, EAGAIN,     ECONNREFUSED, EHOSTUNREACH, ENETUNREACH};
    return errors.at(static_cast<std::size_t>(f));
}

// A read or a write of the proxy: its result if it fails or failed before. Otherwise nothing, and
// `one_byte` says whether the call may transfer only one byte.
std::optional<ssize_t> intervene(int fd, watched& socket, io_call call, bool& one_byte) {
    auto const read = call == io_call::read;
    if (socket.state == state::broken)
        return read ? 0 : fail_with(EPIPE);
    if (socket.state == state::ended && read)
        return 0;
    auto failure = due(socket, call);
    if (socket.state == state::tearing && all->fault && all->fault->call == call)
        failure = io_failure::reset;
    if (failure == io_failure::torn)
        socket.state = state::tearing;
    one_byte = failure == io_failure::one_byte || failure == io_failure::torn;
    if (failure == io_failure::none || one_byte)
        return std::nullopt;
    all->cut_an_answer |=
        socket.side == io_side::host && socket.answering && failure != io_failure::would_block;
    if (failure == io_failure::end) {
        socket.state = state::ended;
        ::shutdown(fd, SHUT_RD);
        return 0;
    }
    if (failure == io_failure::would_block) {
        tell_readiness_again(fd);
    } else {
        break_off(fd, socket);
    }
    return fail_with(error_of(failure));
}

void note_read(watched& socket, msghdr const& into, ssize_t got, int flags) {
    if (!all->fault || (flags & MSG_PEEK) != 0)
        return;
    socket.answering |= got > 0;
    if (socket.side != io_side::client)
        return;
    auto left = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    for (std::size_t i = 0; i < into.msg_iovlen && left > 0; ++i) {
        auto const n = std::min(left, into.msg_iov[i].iov_len);
        all->received.append(static_cast<char const*>(into.msg_iov[i].iov_base), n);
        left -= n;
    }
}

msghdr message_of(iovec& buffer) {
    msghdr message{};
    message.msg_iov = &buffer;
    message.msg_iovlen = 1;
    return message;
}

// The same message, or only its first byte.
msghdr cut_down(msghdr message, iovec& first, bool one_byte) {
    auto* const end = message.msg_iov + message.msg_iovlen;
    auto* const found =
        std::find_if(message.msg_iov, end, [](iovec const& v) { return v.iov_len > 0; });
    if (!one_byte || found == end)
        return message;
    first = {found->iov_base, 1};
    message.msg_iov = &first;
    message.msg_iovlen = 1;
    return message;
}

} // namespace

failing_io::failing_io(std::uint16_t proxy_port, std::uint16_t host_port) {
    all.emplace(everything{proxy_port, host_port, {}, {}, {}, 0, false, false, {}});
}
failing_io::~failing_io() {
    all.reset();
}
void failing_io::arm(io_fault f) {
    all->fault = f;
    all->calls = 0;
    all->reached = all->cut_an_answer = false;
    all->received.clear();
}
void failing_io::disarm() {
    all->fault.reset();
}
bool failing_io::reached() const {
    return all->reached;
}
bool failing_io::cut_an_answer() const {
    return all->cut_an_answer;
}
std::string const& failing_io::received() const {
    return all->received;
}
std::size_t failing_io::open(io_side s) const {
    return static_cast<std::size_t>(
        std::count_if(all->sockets.begin(), all->sockets.end(),
                      [s](auto const& each) { return each.second.side == s; }));
}

} // namespace secondwind::test

using namespace secondwind::test;

extern "C" {

ssize_t __wrap_recvmsg(int fd, msghdr* message, int flags) {
    auto* const socket = find(fd);
    if (socket == nullptr)
        return __real_recvmsg(fd, message, flags);
    bool one_byte = false;
    if (auto const result = intervene(fd, *socket, io_call::read, one_byte))
        return *result;
    iovec first{};
    auto changed = cut_down(*message, first, one_byte);
    auto const got = __real_recvmsg(fd, &changed, flags);
    note_read(*socket, changed, got, flags);
    return got;
}

ssize_t __wrap_recv(int fd, void* into, size_t size, int flags) {
    if (find(fd) == nullptr)
        return __real_recv(fd, into, size, flags);
    iovec buffer{into, size};
    auto message = message_of(buffer);
    return __wrap_recvmsg(fd, &message, flags);
}

ssize_t __wrap_sendmsg(int fd, msghdr const* message, int flags) {
    auto* const socket = find(fd);
    if (socket == nullptr)
        return __real_sendmsg(fd, message, flags);
    bool one_byte = false;
    if (auto const result = intervene(fd, *socket, io_call::write, one_byte))
        return *result;
    iovec first{};
    auto changed = cut_down(*message, first, one_byte);
    socket->answering = false;
    return __real_sendmsg(fd, &changed, flags);
}

ssize_t __wrap_send(int fd, void const* from, size_t size, int flags) {
    if (find(fd) == nullptr)
        return __real_send(fd, from, size, flags);
    iovec buffer{const_cast<void*>(from), size};
    auto message = message_of(buffer);
    return __wrap_sendmsg(fd, &message, flags);
}

int __wrap_connect(int fd, sockaddr const* to, socklen_t size) {
    if (!all || port_of(to) != all->host_port)
        return __real_connect(fd, to, size);
    auto& socket = all->sockets.insert_or_assign(fd, watched{io_side::host}).first->second;
    auto const failure = due(socket, io_call::connect);
    return failure == io_failure::none ? __real_connect(fd, to, size)
                                       : fail_with(error_of(failure));
}

int __wrap_getsockopt(int fd, int level, int name, void* value, socklen_t* size) {
    auto const result = __real_getsockopt(fd, level, name, value, size);
    auto* const socket = level == SOL_SOCKET && name == SO_ERROR ? find(fd) : nullptr;
    if (socket == nullptr || socket->side != io_side::host || result != 0)
        return result;
    auto const failure = due(*socket, io_call::connected);
    if (failure != io_failure::none) {
        break_off(fd, *socket);
        *static_cast<int*>(value) = error_of(failure);
    }
    return result;
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
    if (all && operation == EPOLL_CTL_DEL) {
        all->registrations.erase(fd);
    } else if (all) {
        all->registrations.insert_or_assign(fd, std::pair{epoll, *event});
        find(fd); // an accepted socket counts as open before it is used
    }
    return __real_epoll_ctl(epoll, operation, fd, event);
}

int __wrap_close(int fd) {
    if (all) {
        all->sockets.erase(fd);
        all->registrations.erase(fd);
    }
    return __real_close(fd);
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
