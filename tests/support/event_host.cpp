#include "support/event_host.hpp"
#include "support/wire.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <utility>

namespace secondwind::test {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

struct event_peer::connection {
    explicit connection(asio::ip::tcp::socket socket) : stream{std::move(socket)} {}

    websocket::stream<asio::ip::tcp::socket, false> stream;
    http::request<http::string_body> request;
    std::string target;
};

event_peer::event_peer() = default;
event_peer::event_peer(event_peer&&) noexcept = default;
event_peer::~event_peer() = default;

std::string const& event_peer::target() const noexcept {
    return connection_->target;
}

std::string event_peer::field(std::string const& name) const {
    auto const found = connection_->request[name];
    return {found.data(), found.size()};
}

asio::awaitable<void> event_peer::accept() {
    co_await connection_->stream.async_accept(connection_->request, asio::use_awaitable);
}

asio::awaitable<void> event_peer::refuse(int status, std::string body) {
    http::response<http::string_body> answer{static_cast<http::status>(status), 11, body};
    answer.set(http::field::content_type, "application/json");
    answer.keep_alive(false);
    answer.prepare_payload();
    co_await http::async_write(connection_->stream.next_layer(), answer, asio::use_awaitable);
    drop();
}

asio::awaitable<void> event_peer::send(std::string message) {
    co_await connection_->stream.async_write(asio::buffer(message), asio::use_awaitable);
}

asio::awaitable<void> event_peer::close(std::uint16_t code, std::string reason) {
    websocket::close_reason const closing{static_cast<websocket::close_code>(code), reason};
    co_await connection_->stream.async_close(closing, nothrow);
}

void event_peer::drop() {
    boost::system::error_code ignored;
    connection_->stream.next_layer().close(ignored);
}

asio::awaitable<void> event_peer::ended() {
    beast::flat_buffer bytes;
    boost::system::error_code ec;
    while (!ec) {
        auto const [failed, size] = co_await connection_->stream.async_read(bytes, nothrow);
        ec = failed;
    }
}

event_host::event_host(asio::io_context& io)
    : acceptor_{io, {asio::ip::address_v4::loopback(), 0}} {}

asio::awaitable<event_peer> event_host::accept() {
    auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
    event_peer peer;
    peer.connection_.reset(new event_peer::connection{std::move(socket)});
    auto& connection = *peer.connection_;
    beast::flat_buffer bytes;
    co_await http::async_read(connection.stream.next_layer(), bytes, connection.request,
                              asio::use_awaitable);
    auto const target = connection.request.target();
    connection.target.assign(target.data(), target.size());
    co_return peer;
}

} // namespace secondwind::test
