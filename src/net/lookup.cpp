#include <secondwind/net/lookup.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/local/datagram_protocol.hpp>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace secondwind::net {

namespace {

constexpr std::size_t most_addresses = 32;

// The result, as the thread sends it through the socket.
struct finding {
    int fault;  // getaddrinfo's
    int number; // errno, for EAI_SYSTEM
    std::array<sockaddr_storage, most_addresses> addresses;
    std::array<socklen_t, most_addresses> sizes; // 0: no more
};

finding find(std::string const& host, std::string const& port) {
    finding found{};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* all = nullptr;
    found.fault = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &all);
    found.number = errno;
    if (found.fault != 0)
        return found;
    std::size_t n = 0;
    for (auto const* each = all; each != nullptr && n < most_addresses; each = each->ai_next) {
        if (each->ai_family != AF_INET && each->ai_family != AF_INET6)
            continue;
        std::memcpy(&found.addresses[n], each->ai_addr, each->ai_addrlen);
        found.sizes[n++] = each->ai_addrlen;
    }
    ::freeaddrinfo(all);
    return found;
}

error_code error_of(finding const& found) {
    switch (found.fault) {
    case 0:
        return found.sizes[0] != 0 ? error_code{} : asio::error::host_not_found;
    case EAI_AGAIN:
        return asio::error::host_not_found_try_again;
    case EAI_FAIL:
        return asio::error::no_recovery;
    case EAI_SYSTEM:
        return {found.number, boost::system::system_category()};
    case EAI_MEMORY:
        return asio::error::no_memory;
    default:
        return asio::error::host_not_found;
    }
}

} // namespace

struct lookup::query {
    explicit query(asio::io_context& io) : ours{io} {}

    asio::basic_datagram_socket<asio::local::datagram_protocol, executor> ours;
    finding found;
    lookup* owner = nullptr; // null once it is destroyed
};

lookup::lookup(asio::io_context& io) : io_{io}, ended_{io} {}

lookup::~lookup() {
    if (!running_)
        return;
    running_->owner = nullptr;
    error_code ignored;
    running_->ours.close(ignored);
}

void lookup::begin(std::string const& host, std::uint16_t port) {
    if (running_)
        return;
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        failure_ = {errno, boost::system::system_category()};
        return;
    }
    auto begun = std::make_shared<query>(io_);
    begun->owner = this;
    begun->ours.assign(asio::local::datagram_protocol{}, ends[0]);
    try {
        std::thread{[host, service = std::to_string(port), theirs = ends[1]] {
            auto const found = find(host, service);
            // One message, which fits. It is lost if the lookup has been destroyed, which is fine.
            [[maybe_unused]] auto const sent = ::send(theirs, &found, sizeof found, MSG_NOSIGNAL);
            ::close(theirs);
        }}.detach();
    } catch (std::system_error const& e) {
        ::close(ends[1]);
        failure_ = {e.code().value(), boost::system::system_category()};
        return;
    }
    running_ = begun;
    begun->ours.async_receive(asio::buffer(&begun->found, sizeof(finding)),
                              [begun](error_code ec, std::size_t size) {
                                  if (begun->owner != nullptr)
                                      begun->owner->take(*begun, ec ? 0 : size);
                              });
}

void lookup::take(query const& ended, std::size_t size) {
    auto const keep = std::move(running_);
    addresses_.clear();
    failure_ =
        size == sizeof(finding) ? error_of(ended.found) : error_code{asio::error::host_not_found};
    for (std::size_t i = 0; !failure_ && i < most_addresses && ended.found.sizes[i] != 0; ++i) {
        endpoint one;
        one.resize(ended.found.sizes[i]);
        std::memcpy(one.data(), &ended.found.addresses[i], ended.found.sizes[i]);
        addresses_.push_back(one);
    }
    ended_.open();
}

} // namespace secondwind::net
