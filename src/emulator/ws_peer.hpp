// The other end of one WebSocket.
#pragma once

#include <secondwind/emulator/machine.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::emulator {

// Text messages both ways. Whoever sends does not wait: a message goes into a queue, which is
// written in its order.
class ws_peer : public std::enable_shared_from_this<ws_peer> {
public:
    ws_peer(asio::ip::tcp::socket socket, std::shared_ptr<machine> m);

    // Answers the handshake. False, and the connection is done, if it is not a valid one.
    asio::awaitable<bool> accept(request what, std::string early_bytes);
    // The next message; nothing once the connection has ended, whoever ended it.
    asio::awaitable<std::optional<std::string>> read();
    // Lost if the connection has ended.
    void send(std::string message);
    // Closes when all that was sent has gone out.
    void finish();
    // Resets the connection.
    void vanish();

    bool gone() const noexcept { return gone_; }
    // Completes when there is little left to write, or nobody to write to.
    asio::awaitable<void> keep_pace();
    asio::any_io_executor executor() { return stream_.get_executor(); }

private:
    static asio::awaitable<void> write(std::shared_ptr<ws_peer> self);
    static asio::awaitable<void> watch(std::shared_ptr<ws_peer> self);
    void hang_up();

    boost::beast::websocket::stream<asio::ip::tcp::socket> stream_;
    std::shared_ptr<machine> m_;
    boost::beast::flat_buffer buffer_;
    std::deque<std::string> outgoing_;
    bool finishing_ = false;
    bool gone_ = false;
};

} // namespace secondwind::emulator
