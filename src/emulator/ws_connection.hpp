// One connection over LM Studio's WebSocket protocol, from the upgrade on.
#pragma once

#include "emulated_host.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::emulator {

// Text messages in both directions. Sending does not wait: messages go through a queue.
class ws_connection : public std::enable_shared_from_this<ws_connection> {
public:
    ws_connection(asio::ip::tcp::socket socket, std::shared_ptr<emulated_host> host);

    // Answers the handshake. False, and the connection is closed, if it is invalid.
    asio::awaitable<bool> accept(request request, std::string early_bytes);
    // The next message; nothing once the connection has ended on either side.
    asio::awaitable<std::optional<std::string>> read();
    // Drops the message if the connection has ended.
    void send(std::string message);
    // Closes the connection after everything sent has been written.
    void finish();
    void reset();

    bool gone() const noexcept { return gone_; }
    // Completes when the queue is short, or the connection has ended.
    asio::awaitable<void> drain_queue();
    asio::any_io_executor executor() { return stream_.get_executor(); }

private:
    static asio::awaitable<void> write(std::shared_ptr<ws_connection> self);
    static asio::awaitable<void> watch(std::shared_ptr<ws_connection> self);
    void close();

    boost::beast::websocket::stream<asio::ip::tcp::socket> stream_;
    std::shared_ptr<emulated_host> host_;
    boost::beast::flat_buffer buffer_;
    std::deque<std::string> outgoing_;
    bool finishing_ = false;
    bool gone_ = false;
};

// Serves the upgrades of a host. A path that is no namespace gets no answer at all, for as long as
// its client waits; an upgrade to h2c is an example. A prepared answer of the script comes before
// everything else: for example a "403 Forbidden", with which LM Studio rejects clients. The handler
// does not keep the host alive, because the host owns it.
upgrade_handler websocket_upgrades(std::shared_ptr<emulated_host> const& host);

} // namespace secondwind::emulator
