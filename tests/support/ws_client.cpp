#include "support/ws_client.hpp"
#include "support/wire.hpp"

#include <nlohmann/json.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <utility>

namespace secondwind::test {

namespace asio = boost::asio;

struct ws_client::connection {
    boost::beast::websocket::stream<asio::ip::tcp::socket> stream;
};

ws_client::ws_client(asio::io_context& io)
    : connection_{new connection{boost::beast::websocket::stream<asio::ip::tcp::socket>{io}}} {}

ws_client::~ws_client() = default;

asio::awaitable<void> ws_client::open(std::uint16_t port, std::string path) {
    asio::ip::tcp::endpoint const at{asio::ip::address_v4::loopback(), port};
    auto& stream = connection_->stream;
    co_await stream.next_layer().async_connect(at, asio::use_awaitable);
    co_await stream.async_handshake("host", path, asio::use_awaitable);
}

asio::awaitable<ws_client::json> ws_client::introduce(std::string identifier, std::string passkey) {
    json credentials;
    credentials["authVersion"] = 1;
    credentials["clientIdentifier"] = std::move(identifier);
    credentials["clientPasskey"] = std::move(passkey);
    return ask(credentials.dump());
}

asio::awaitable<void> ws_client::send(std::string text) {
    co_await connection_->stream.async_write(asio::buffer(text), asio::use_awaitable);
}

asio::awaitable<ws_client::json> ws_client::read() {
    boost::beast::flat_buffer buffer;
    auto const [error, size] = co_await connection_->stream.async_read(buffer, nothrow);
    if (error)
        co_return json{};
    co_return json::parse(boost::beast::buffers_to_string(buffer.data()), nullptr, false);
}

asio::awaitable<ws_client::json> ws_client::ask(std::string text) {
    co_await send(std::move(text));
    co_return co_await read();
}

asio::awaitable<ws_client::json> ws_client::call(std::string endpoint, std::string parameter) {
    json message;
    message["type"] = "rpcCall";
    message["endpoint"] = std::move(endpoint);
    message["callId"] = next_++;
    if (!parameter.empty())
        message["parameter"] = json::parse(parameter);
    return ask(message.dump());
}

asio::awaitable<void> ws_client::create(std::string endpoint, int id, std::string parameter) {
    json message;
    message["type"] = "channelCreate";
    message["endpoint"] = std::move(endpoint);
    message["channelId"] = id;
    message["creationParameter"] = json::parse(parameter);
    return send(message.dump());
}

void ws_client::drop() {
    connection_->stream.next_layer().close();
}

} // namespace secondwind::test
