// The admin listener's /events in the hands of a test.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace secondwind::test {

// A listener that came for the events.
class event_peer {
public:
    event_peer();
    event_peer(event_peer&&) noexcept;
    event_peer& operator=(event_peer&&) = delete;
    ~event_peer();

    std::string const& target() const noexcept;
    std::string field(std::string const& name) const; // empty if there is none

    // 101: the events begin.
    boost::asio::awaitable<void> welcome();
    // Any other answer, in JSON; the connection ends.
    boost::asio::awaitable<void> refuse(int status, std::string body);

    boost::asio::awaitable<void> send(std::string message);
    boost::asio::awaitable<void> close(std::uint16_t code, std::string reason);
    // Ends the connection without a word.
    void drop();
    // Waits until the other side ends the connection.
    boost::asio::awaitable<void> ended();

private:
    friend class event_host;
    // Beast's templates are slow to compile: once, for all tests.
    struct connection;
    std::unique_ptr<connection> connection_;
};

class event_host {
public:
    explicit event_host(boost::asio::io_context& io);
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    // The next connection, once its request is read. The bound is the test's own.
    boost::asio::awaitable<event_peer> accept();

private:
    boost::asio::ip::tcp::acceptor acceptor_;
};

} // namespace secondwind::test
