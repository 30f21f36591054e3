// A host whose every byte a test scripts, connection by connection.
#pragma once

#include "support/wire.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>

namespace secondwind::test {

//     raw_host host{io};
//     auto peer = co_await host.accept();
//     auto const request = co_await peer.read_request();
//     co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
//     auto const ended = co_await peer.wait_closed(); // never inside an EXPECT: see below
//     EXPECT_EQ(ended, ending::fin);
//
// g++ 12 miscompiles a co_await in a condition, and the macros of GoogleTest are conditions.
class raw_host {
public:
    // Listens on a free loopback port.
    explicit raw_host(asio::io_context& io)
        : acceptor_{io, {asio::ip::address_v4::loopback(), 0}} {}

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    // The next connection, in order of arrival. Throws timed_out if none arrives.
    asio::awaitable<wire> accept();
    // True if no connection waits to be accepted. The test must have awaited something that happens
    // after a client would have connected.
    bool nobody_waits();

    // Refuses further connections, and resets those that wait.
    void stop();

private:
    asio::ip::tcp::acceptor acceptor_;
};

} // namespace secondwind::test
