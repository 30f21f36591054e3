// A client of LM Studio's WebSocket protocol.
#pragma once

#include "support/wire.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace secondwind::test {

class ws_client {
public:
    using json = nlohmann::ordered_json;

    explicit ws_client(boost::asio::io_context& io) : stream_{io} {}

    // The handshake alone. Throws boost::system::system_error if it is refused.
    boost::asio::awaitable<void> open(std::uint16_t port, std::string path) {
        boost::asio::ip::tcp::endpoint const at{boost::asio::ip::address_v4::loopback(), port};
        co_await stream_.next_layer().async_connect(at, boost::asio::use_awaitable);
        co_await stream_.async_handshake("host", path, boost::asio::use_awaitable);
    }
    // Gives what was answered.
    boost::asio::awaitable<json> introduce(std::string identifier, std::string passkey) {
        json who;
        who["authVersion"] = 1;
        who["clientIdentifier"] = std::move(identifier);
        who["clientPasskey"] = std::move(passkey);
        co_await send(who.dump());
        co_return co_await read();
    }

    boost::asio::awaitable<void> send(std::string text) {
        co_await stream_.async_write(boost::asio::buffer(text), boost::asio::use_awaitable);
    }
    // The next message; null when there is none any more.
    boost::asio::awaitable<json> read() {
        boost::beast::flat_buffer buffer;
        auto const [error, size] = co_await stream_.async_read(buffer, nothrow);
        if (error)
            co_return json{};
        co_return json::parse(boost::beast::buffers_to_string(buffer.data()), nullptr, false);
    }

    boost::asio::awaitable<json> ask(std::string text) {
        co_await send(std::move(text));
        co_return co_await read();
    }
    // The answer to an rpcCall; `parameter` is JSON, or empty for none.
    boost::asio::awaitable<json> call(std::string endpoint, std::string parameter = {}) {
        json message;
        message["type"] = "rpcCall";
        message["endpoint"] = std::move(endpoint);
        message["callId"] = next_++;
        if (!parameter.empty())
            message["parameter"] = json::parse(parameter);
        return ask(message.dump());
    }
    // Opens channel `id`; nothing is read.
    boost::asio::awaitable<void> create(std::string endpoint, int id, std::string parameter) {
        json message;
        message["type"] = "channelCreate";
        message["endpoint"] = std::move(endpoint);
        message["channelId"] = id;
        message["creationParameter"] = json::parse(parameter);
        return send(message.dump());
    }

    void drop() { stream_.next_layer().close(); }

private:
    boost::beast::websocket::stream<boost::asio::ip::tcp::socket> stream_;
    int next_ = 0;
};

} // namespace secondwind::test
