#include "support/event_client.hpp"
#include "support/wire.hpp"

#include <nlohmann/json.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <utility>

namespace secondwind::test {

namespace asio = boost::asio;

struct event_client::connection {
    explicit connection(asio::io_context& io) : stream{io}, patience{io} {}

    boost::beast::websocket::stream<asio::ip::tcp::socket> stream;
    asio::steady_timer patience;
};

event_client::event_client(asio::io_context& io) : connection_{std::make_unique<connection>(io)} {}
event_client::event_client(event_client&&) noexcept = default;
event_client::~event_client() = default;

asio::awaitable<void> event_client::open(std::uint16_t port, std::string host, std::string target,
                                         std::optional<int> receive_buffer) {
    asio::ip::tcp::endpoint const at{asio::ip::address_v4::loopback(), port};
    auto& stream = connection_->stream;
    stream.next_layer().open(at.protocol());
    if (receive_buffer)
        stream.next_layer().set_option(asio::socket_base::receive_buffer_size{*receive_buffer});
    co_await stream.next_layer().async_connect(at, asio::use_awaitable);
    co_await stream.async_handshake(host, target, asio::use_awaitable);
}

asio::awaitable<void> event_client::send(std::string text) {
    co_await connection_->stream.async_write(asio::buffer(text), nothrow);
}

asio::awaitable<event_client::json> event_client::read() {
    boost::beast::flat_buffer buffer;
    auto* here = connection_.get();
    here->patience.expires_after(wire::deadline);
    auto give_up = [here](boost::system::error_code const& ec) {
        if (!ec)
            here->stream.next_layer().close();
    };
    here->patience.async_wait(give_up);
    auto const [error, size] = co_await here->stream.async_read(buffer, nothrow);
    here->patience.cancel();
    if (error)
        co_return json{};
    co_return json::parse(boost::beast::buffers_to_string(buffer.data()), nullptr, false);
}

asio::awaitable<event_client::json> event_client::read_until(std::string type) {
    for (;;) {
        auto message = co_await read();
        if (!message.is_object() || message.value("type", "") == type)
            co_return message;
    }
}

unsigned event_client::close_code() const {
    return connection_->stream.reason().code;
}

std::string event_client::close_reason() const {
    auto const& said = connection_->stream.reason().reason;
    return {said.data(), said.size()};
}

asio::awaitable<void> event_client::close() {
    co_await connection_->stream.async_close(boost::beast::websocket::close_code::normal, nothrow);
}

void event_client::drop() {
    boost::system::error_code ignored;
    connection_->stream.next_layer().close(ignored);
}

} // namespace secondwind::test
