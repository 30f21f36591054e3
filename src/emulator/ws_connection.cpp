#include "ws_connection.hpp"
#include "access.hpp"
#include "responder.hpp"
#include "router.hpp"
#include "ws_message.hpp"
#include "ws_port.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <array>
#include <utility>

namespace secondwind::emulator {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

// A message may contain a picture.
constexpr std::size_t longest_message = 64 * 1024 * 1024;
constexpr std::size_t most_queued = 64;
// How long the client may take to answer a close frame.
constexpr std::chrono::seconds close_timeout{10};

using tcp_socket = asio::ip::tcp::socket;

asio::awaitable<void> close_when_stopping(std::shared_ptr<emulated_host> host,
                                          std::shared_ptr<tcp_socket> socket) {
    auto over = [host = host.get(), s = socket.get()] { return host->stopping || !s->is_open(); };
    co_await host->changed.until(over);
    boost::system::error_code ignored;
    socket->close(ignored);
}

// Node passes such a connection to handlers that all ignore it.
asio::awaitable<void> stay_silent(std::shared_ptr<emulated_host> host, tcp_socket socket) {
    auto const shared = std::make_shared<tcp_socket>(std::move(socket));
    asio::co_spawn(shared->get_executor(), close_when_stopping(host, shared), rethrow);
    std::array<char, 1024> scratch{};
    for (bool open = true; open;) {
        auto const [error, size] = co_await shared->async_read_some(asio::buffer(scratch), nothrow);
        open = !error;
    }
    boost::system::error_code ignored;
    shared->close(ignored);
    host->notify();
}

// Returns the client's identifier once it is admitted. Messages that are no credentials are ignored
// until the time is up.
asio::awaitable<std::optional<std::string>>
authenticate(std::shared_ptr<emulated_host> host, std::shared_ptr<ws_clients> clients,
             std::shared_ptr<ws_connection> connection) {
    asio::steady_timer timer{connection->executor(), host->options.authentication_time};
    auto done = std::make_shared<bool>(false);
    auto expire = [connection, done](boost::system::error_code const& error) {
        if (error || *done)
            return;
        connection->send(ws_rejected("Authentication timed out"));
        connection->finish();
    };
    timer.async_wait(std::move(expire));
    for (;;) {
        auto const text = co_await connection->read();
        if (!text)
            co_return std::nullopt;
        auto const credentials = parse_ws_credentials(*text);
        if (!credentials)
            continue;
        *done = true;
        auto refusal = refuse_client(host->options.api_token, *credentials);
        if (!refusal)
            refusal = clients->admit(*credentials);
        if (!refusal) {
            connection->send(ws_admitted());
            co_return credentials->identifier;
        }
        connection->send(ws_rejected(*refusal));
        connection->finish();
        for (bool open = true; open;) {
            auto const more = co_await connection->read();
            open = more.has_value();
        }
        co_return std::nullopt;
    }
}

asio::awaitable<void> serve(std::shared_ptr<emulated_host> host,
                            std::shared_ptr<ws_clients> clients, tcp_socket socket, request request,
                            std::string early) {
    if (auto prepared = host->script.take_answer(path_of(request.target))) {
        response_mode const last{false, false, false, {}};
        responder out{socket, std::make_shared<presence>(), last};
        co_await out.send(std::move(*prepared));
        co_return;
    }
    auto const space = ws_namespace_of(request.target);
    if (!space) {
        co_await stay_silent(host, std::move(socket));
        co_return;
    }
    auto const connection = std::make_shared<ws_connection>(std::move(socket), host);
    bool const accepted = co_await connection->accept(std::move(request), std::move(early));
    if (!accepted)
        co_return;
    auto const client = co_await authenticate(host, clients, connection);
    if (!client)
        co_return;
    auto const port = std::make_shared<ws_port>(host, connection, *space);
    for (bool open = true; open;) {
        auto const text = co_await connection->read();
        if (text)
            port->receive(*text);
        open = text.has_value();
    }
    port->disconnected();
    clients->release(*client);
}

} // namespace

ws_connection::ws_connection(asio::ip::tcp::socket socket, std::shared_ptr<emulated_host> host)
    : stream_{std::move(socket)}, host_{std::move(host)} {
    stream_.set_option(
        websocket::stream_base::timeout{close_timeout, websocket::stream_base::none(), false});
    stream_.read_message_max(longest_message);
}

asio::awaitable<bool> ws_connection::accept(request request, std::string early_bytes) {
    boost::system::error_code failed;
    if (early_bytes.empty()) {
        http::request_parser<http::empty_body> parser;
        parser.header_limit(static_cast<std::uint32_t>(request.head.size()));
        parser.put(asio::buffer(request.head), failed);
        if (!failed) {
            auto const upgrade = parser.release();
            auto const [error] = co_await stream_.async_accept(upgrade, nothrow);
            failed = error;
        }
    } else {
        // Only this overload of Beast takes bytes that follow the handshake.
        auto const all = request.head + early_bytes;
        auto const [error] = co_await stream_.async_accept(asio::buffer(all), nothrow);
        failed = error;
    }
    if (failed) {
        close();
        co_return false;
    }
    asio::co_spawn(executor(), write(shared_from_this()), rethrow);
    asio::co_spawn(executor(), watch(shared_from_this()), rethrow);
    co_return true;
}

asio::awaitable<std::optional<std::string>> ws_connection::read() {
    buffer_.clear();
    auto const [error, size] = co_await stream_.async_read(buffer_, nothrow);
    if (error) {
        close();
        co_return std::nullopt;
    }
    co_return boost::beast::buffers_to_string(buffer_.data());
}

void ws_connection::send(std::string message) {
    if (gone_ || finishing_)
        return;
    outgoing_.push_back(std::move(message));
    host_->notify();
}

void ws_connection::finish() {
    finishing_ = true;
    host_->notify();
}

void ws_connection::reset() {
    boost::system::error_code ignored;
    stream_.next_layer().set_option(asio::socket_base::linger{true, 0}, ignored);
    close();
}

asio::awaitable<void> ws_connection::drain_queue() {
    auto caught_up = [this] { return gone_ || outgoing_.size() < most_queued; };
    co_await host_->changed.until(caught_up);
}

asio::awaitable<void> ws_connection::write(std::shared_ptr<ws_connection> self) {
    auto due = [p = self.get()] { return p->gone_ || p->finishing_ || !p->outgoing_.empty(); };
    while (!self->gone_) {
        co_await self->host_->changed.until(due);
        if (self->gone_)
            break;
        if (self->outgoing_.empty()) {
            // Makes the pending read() fail, which closes the socket.
            co_await self->stream_.async_close(websocket::close_code::normal, nothrow);
            break;
        }
        auto const next = std::move(self->outgoing_.front());
        self->outgoing_.pop_front();
        auto const [error, size] = co_await self->stream_.async_write(asio::buffer(next), nothrow);
        if (error)
            self->close();
        self->host_->notify();
    }
}

asio::awaitable<void> ws_connection::watch(std::shared_ptr<ws_connection> self) {
    auto over = [p = self.get()] { return p->gone_ || p->host_->stopping; };
    co_await self->host_->changed.until(over);
    self->close();
}

void ws_connection::close() {
    gone_ = true;
    outgoing_.clear();
    boost::system::error_code ignored;
    stream_.next_layer().close(ignored);
    host_->notify();
}

upgrade_handler websocket_upgrades(std::shared_ptr<emulated_host> const& host) {
    return [weak = std::weak_ptr{host}, clients = std::make_shared<ws_clients>()](
               tcp_socket socket, request request, std::string early) {
        // The calling connection keeps the host alive.
        return serve(weak.lock(), clients, std::move(socket), std::move(request), std::move(early));
    };
}

} // namespace secondwind::emulator
