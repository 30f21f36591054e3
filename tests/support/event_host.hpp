// A scripted server for /events.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace secondwind::test {

// A client that has connected.
class event_peer {
public:
    event_peer();
    event_peer(event_peer&&) noexcept;
    event_peer& operator=(event_peer&&) = delete;
    ~event_peer();

    std::string const& target() const noexcept;
    std::string field(std::string const& name) const; // empty if it is missing

    // Replies 101.
    boost::asio::awaitable<void> accept();
    // Replies with another status and JSON, and closes.
    boost::asio::awaitable<void> refuse(int status, std::string body);

    boost::asio::awaitable<void> send(std::string message);
    boost::asio::awaitable<void> close(std::uint16_t code, std::string reason);
    // Closes the socket without a close frame.
    void drop();
    // Waits until the client closes the connection.
    boost::asio::awaitable<void> ended();

private:
    friend class event_host;
    // Beast's templates are slow to compile, so only the source file contains them.
    struct connection;
    std::unique_ptr<connection> connection_;
};

class event_host {
public:
    explicit event_host(boost::asio::io_context& io);
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    // The next connection, with its request read. The test limits the time.
    boost::asio::awaitable<event_peer> accept();

private:
    boost::asio::ip::tcp::acceptor acceptor_;
};

} // namespace secondwind::test
