#include "stage.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace secondwind::fuzz {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

int listen_anywhere() {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    auto const at = loopback(0);
    require(fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0 &&
                ::listen(fd, 128) == 0,
            "the host listens");
    return fd;
}

std::uint16_t port_of(int listener) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    require(::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0,
            "the host has a port");
    return ntohs(at.sin_port);
}

config::settings complete(config::settings how, int listener) {
    how.listen.port = 0;
    how.upstreams.front().port = port_of(listener);
    // No deadline is ever met: what does not end by itself is found by settle_until().
    how.recovery.verify_timeout = std::chrono::milliseconds{400}; // no second look
    how.timeouts.request_head = how.timeouts.body_idle = std::chrono::minutes{10};
    return how;
}

void prepare(int fd) {
    int const yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

} // namespace

peer::peer(peer&& other) noexcept
    : received{std::move(other.received)},
      descriptor_{std::exchange(other.descriptor_, -1)}, other_{other.other_} {}

void peer::send(std::string_view bytes) {
    if (!is_open() || bytes.empty())
        return;
    auto const n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    require(n < 0 ? errno == EPIPE || errno == ECONNRESET
                  : static_cast<std::size_t>(n) == bytes.size(),
            "a few kilobytes fit into a socket");
}

bool peer::receive() {
    bool any = false;
    std::array<char, 16384> block;
    while (is_open() && other_ == state::open) {
        auto const n = ::recv(descriptor_, block.data(), block.size(), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        any = true;
        if (n > 0)
            received.append(block.data(), static_cast<std::size_t>(n));
        else
            other_ = n == 0 ? state::ended : state::broken;
    }
    return any;
}

void peer::half_close() noexcept {
    if (is_open())
        ::shutdown(descriptor_, SHUT_WR);
}

void peer::close() noexcept {
    if (is_open())
        ::close(std::exchange(descriptor_, -1));
}

void peer::reset() noexcept {
    linger const at_once{1, 0};
    if (is_open())
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

stage::stage(config::settings how)
    : listener_{listen_anywhere()}, io_{1}, settings_{complete(std::move(how), listener_)},
      server_{io_, settings_} {
    server_.start();
}

peer stage::connect() {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto const at = loopback(server_.local_endpoint().port());
    require(fd >= 0 && ::connect(fd, reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0,
            "the client connects");
    prepare(fd);
    return peer{fd};
}

std::optional<peer> stage::accept() {
    int const fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return std::nullopt;
    prepare(fd);
    return peer{fd};
}

bool stage::poll(unsigned quiet) {
    bool const moved = io_.poll() > 0;
    // Somebody else's turn: a byte that the kernel still carries arrives, or time shows that there
    // is none.
    if (!moved && quiet > 1)
        return io_.run_one_for(std::chrono::milliseconds{1}) > 0;
    return moved;
}

bool stage::at_rest() {
    auto& shared = server_.shared();
    auto const& recovery = shared.hosts[0].recovery;
    return server_.sessions() == 0 && recovery.at_rest() && recovery.waiting() == 0 &&
           shared.budget.used() == 0 && recovery.in_flight.claims().empty();
}

bool stage::recovering() {
    return server_.shared().hosts[0].recovery.guard.recovering();
}

void stage::close_idle() {
    auto& pool = server_.shared().hosts[0].pool;
    while (pool.idle() > 0)
        pool.lend().close();
}

void stage::sweep() {
    settle_until([this] { return accept().has_value(); },
                 [this] {
                     return server_.sessions() == 0 &&
                            !server_.shared().hosts[0].recovery.guard.recovering();
                 });
    close_idle();
}

} // namespace secondwind::fuzz
