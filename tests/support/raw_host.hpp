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
    // Listens on a free port of the loopback.
    explicit raw_host(asio::io_context& io)
        : acceptor_{io, {asio::ip::address_v4::loopback(), 0}} {}

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    // The next connection, in the order in which they came. Throws timed_out if none does.
    asio::awaitable<wire> accept();
    // True if none waits to be accepted now: whether somebody has connected *yet* is the test's to
    // know from something else that it awaited.
    bool nobody_waits();

    // Further connections are refused; those that wait are reset.
    void stop();

private:
    asio::ip::tcp::acceptor acceptor_;
};

} // namespace secondwind::test
