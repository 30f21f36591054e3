#include "ws_peer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <utility>

namespace secondwind::emulator {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

// A message may carry a picture.
constexpr std::size_t longest_message = 64 * 1024 * 1024;
constexpr std::size_t crowd = 64;
// The client has that long to answer our closing of the connection.
constexpr std::chrono::seconds farewell{10};

} // namespace

ws_peer::ws_peer(asio::ip::tcp::socket socket, std::shared_ptr<machine> m)
    : stream_{std::move(socket)}, m_{std::move(m)} {
    stream_.set_option(
        websocket::stream_base::timeout{farewell, websocket::stream_base::none(), false});
    stream_.read_message_max(longest_message);
}

asio::awaitable<bool> ws_peer::accept(request what, std::string early_bytes) {
    boost::system::error_code failed;
    if (early_bytes.empty()) {
        http::request_parser<http::empty_body> parser;
        parser.header_limit(static_cast<std::uint32_t>(what.head.size()));
        parser.put(asio::buffer(what.head), failed);
        if (!failed) {
            auto const upgrade = parser.release();
            auto const [error] = co_await stream_.async_accept(upgrade, nothrow);
            failed = error;
        }
    } else {
        // Only here does Beast take bytes that belong behind the handshake.
        auto const all = what.head + early_bytes;
        auto const [error] = co_await stream_.async_accept(asio::buffer(all), nothrow);
        failed = error;
    }
    if (failed) {
        hang_up();
        co_return false;
    }
    asio::co_spawn(executor(), write(shared_from_this()), rethrow);
    asio::co_spawn(executor(), watch(shared_from_this()), rethrow);
    co_return true;
}

asio::awaitable<std::optional<std::string>> ws_peer::read() {
    buffer_.clear();
    auto const [error, size] = co_await stream_.async_read(buffer_, nothrow);
    if (error) {
        hang_up();
        co_return std::nullopt;
    }
    co_return boost::beast::buffers_to_string(buffer_.data());
}

void ws_peer::send(std::string message) {
    if (gone_ || finishing_)
        return;
    outgoing_.push_back(std::move(message));
    m_->notify();
}

void ws_peer::finish() {
    finishing_ = true;
    m_->notify();
}

void ws_peer::vanish() {
    boost::system::error_code ignored;
    stream_.next_layer().set_option(asio::socket_base::linger{true, 0}, ignored);
    hang_up();
}

asio::awaitable<void> ws_peer::keep_pace() {
    auto caught_up = [this] { return gone_ || outgoing_.size() < crowd; };
    co_await m_->changed.until(caught_up);
}

asio::awaitable<void> ws_peer::write(std::shared_ptr<ws_peer> self) {
    auto due = [p = self.get()] { return p->gone_ || p->finishing_ || !p->outgoing_.empty(); };
    while (!self->gone_) {
        co_await self->m_->changed.until(due);
        if (self->gone_)
            break;
        if (self->outgoing_.empty()) {
            // The reader learns of it, and hangs up.
            co_await self->stream_.async_close(websocket::close_code::normal, nothrow);
            break;
        }
        auto const next = std::move(self->outgoing_.front());
        self->outgoing_.pop_front();
        auto const [error, size] = co_await self->stream_.async_write(asio::buffer(next), nothrow);
        if (error)
            self->hang_up();
        self->m_->notify();
    }
}

asio::awaitable<void> ws_peer::watch(std::shared_ptr<ws_peer> self) {
    auto over = [p = self.get()] { return p->gone_ || p->m_->stopping; };
    co_await self->m_->changed.until(over);
    self->hang_up();
}

void ws_peer::hang_up() {
    gone_ = true;
    outgoing_.clear();
    boost::system::error_code ignored;
    stream_.next_layer().close(ignored);
    m_->notify();
}

} // namespace secondwind::emulator
