// TLS in front of a host without TLS, for example an emulated LM Studio.
#pragma once

#include "support/certificates.hpp"
#include "support/wire.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

namespace secondwind::test {

class tls_front {
public:
    // Listens on a free loopback port, and passes bytes to that port and back.
    tls_front(asio::io_context& io, identity identity, std::uint16_t to);
    tls_front(tls_front const&) = delete;
    tls_front& operator=(tls_front const&) = delete;
    ~tls_front();

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::size_t connections() const noexcept { return state_->connections; }

private:
    struct state {
        test::identity identity;
        std::uint16_t to;
        std::size_t connections = 0;
    };
    static asio::awaitable<void> serve(std::shared_ptr<state> shared, wire client);

    asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<state> state_;
};

} // namespace secondwind::test
