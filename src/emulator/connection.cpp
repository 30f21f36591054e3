#include "connection.hpp"
#include "http_api.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <string_view>

namespace secondwind::emulator {

namespace http = boost::beast::http;

namespace {

// Beast reads only 512 bytes at a time into a buffer without reserved space.
constexpr std::size_t read_size = 64 * 1024;
constexpr std::size_t max_head = 1024 * 1024;

bool asks_for_upgrade(http::request<http::string_body> const& r) {
    return r.find(http::field::upgrade) != r.end() &&
           http::token_list{r[http::field::connection]}.exists("upgrade");
}

} // namespace

connection::connection(asio::ip::tcp::socket socket, std::shared_ptr<emulated_host> host,
                       std::uint64_t number)
    : socket_{std::move(socket)}, host_{std::move(host)}, number_{number},
      idle_timer_{socket_.get_executor()} {
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    buffer_.reserve(read_size);
    ++host_->counts.connections_open;
    host_->notify();
}

connection::~connection() {
    --host_->counts.connections_open;
    host_->notify();
}

void connection::close() {
    boost::system::error_code ignored;
    idle_timer_.cancel();
    socket_.close(ignored);
}

asio::awaitable<void> connection::serve(std::shared_ptr<connection> self) {
    for (bool more = true; more && !self->host_->stopping;) {
        auto received = co_await self->read();
        if (!received)
            break;
        auto client = std::make_shared<presence>();
        self->watch(client);
        if (received->upgrade) {
            co_await self->upgrade(std::move(received->request), client);
            break;
        }
        responder out{self->socket_, client, received->mode};
        co_await answer_request(self->host_, out, std::move(received->request));
        more = out.keeps_alive();
        // Ends watch(): nothing else waits on the socket now.
        boost::system::error_code ignored;
        if (more)
            self->socket_.cancel(ignored);
    }
    self->close();
}

// As in Node, the limit applies between requests, and not before the first one.
asio::awaitable<bool> connection::wait_for_bytes() {
    bool const bounded = !first_ && host_->options.keep_alive.count() > 0;
    first_ = false;
    if (buffer_.size() != 0)
        co_return true;
    idle_ = true;
    if (bounded) {
        idle_timer_.expires_after(host_->options.keep_alive);
        auto expire = [weak = weak_from_this()](boost::system::error_code const& error) {
            auto const self = weak.lock();
            // An expiry may already be queued when a request arrives; it must not close that one.
            if (self && !error && self->idle_ &&
                self->idle_timer_.expiry() <= asio::steady_timer::clock_type::now())
                self->close();
        };
        idle_timer_.async_wait(std::move(expire));
    }
    auto const [error] = co_await socket_.async_wait(asio::socket_base::wait_read, nothrow);
    idle_ = false;
    idle_timer_.cancel();
    co_return !error;
}

// asio::async_read_until would work on a copy of Beast's buffer.
asio::awaitable<std::string> connection::read_head() {
    constexpr std::string_view end = "\r\n\r\n";
    for (;;) {
        std::string_view const text{static_cast<char const*>(buffer_.data().data()),
                                    buffer_.size()};
        if (auto const at = text.find(end); at != std::string_view::npos)
            co_return std::string{text.substr(0, at + end.size())};
        if (text.size() > max_head)
            co_return std::string{};
        auto const [error, size] =
            co_await socket_.async_read_some(buffer_.prepare(read_size), nothrow);
        if (error)
            co_return std::string{};
        buffer_.commit(size);
    }
}

asio::awaitable<std::optional<connection::incoming>> connection::read() {
    bool const awake = co_await wait_for_bytes();
    if (!awake)
        co_return std::nullopt;
    // The head is read as text first: the parser keeps neither the order of repeated fields nor
    // the white space.
    auto head = co_await read_head();
    if (head.empty())
        co_return std::nullopt;
    incoming in;
    in.request = parse_head(std::move(head));
    in.request.connection = number_;

    http::request_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    parser.header_limit(max_head);
    auto const [bad_head, head_size] =
        co_await http::async_read_header(socket_, buffer_, parser, nothrow);
    if (bad_head) {
        co_await refuse();
        co_return std::nullopt;
    }
    if (boost::beast::iequals(parser.get()[http::field::expect], "100-continue")) {
        constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await asio::async_write(socket_, asio::buffer(go_on), nothrow);
    }
    if (!parser.is_done()) {
        auto const [bad_body, body_size] =
            co_await http::async_read(socket_, buffer_, parser, nothrow);
        if (bad_body == http::error::partial_message || bad_body == asio::error::connection_reset)
            co_return std::nullopt;
        if (bad_body) {
            co_await refuse();
            co_return std::nullopt;
        }
    }
    auto message = parser.release();
    in.mode.http_1_0 = message.version() < 11;
    in.mode.head_only = message.method() == http::verb::head;
    in.mode.keep_alive = message.keep_alive();
    in.mode.idle = host_->options.keep_alive;
    in.upgrade = asks_for_upgrade(message);
    in.request.body = std::move(message.body());

    ++host_->counts.requests;
    if (host_->options.keeps_requests)
        host_->requests.push_back(in.request);
    host_->notify();
    co_return in;
}

// Node's answer to a request that it can't parse.
asio::awaitable<void> connection::refuse() {
    constexpr std::string_view bad = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    co_await asio::async_write(socket_, asio::buffer(bad), nothrow);
}

asio::awaitable<void> connection::upgrade(request request, std::shared_ptr<presence> client) {
    if (host_->options.on_upgrade) {
        boost::system::error_code ignored;
        socket_.cancel(ignored); // ends the watch
        std::string early{static_cast<char const*>(buffer_.data().data()), buffer_.size()};
        auto handler = host_->options.on_upgrade;
        auto moved = std::move(socket_);
        co_await handler(std::move(moved), std::move(request), std::move(early));
        co_return;
    }
    auto left = [this, client] { return client->gone || host_->stopping; };
    co_await host_->changed.until(left);
}

// Bytes that arrive in the meantime belong to the next request; after them, only a failed write
// reveals a close. A client that has closed its sending side counts as gone, as in Node.
void connection::watch(std::shared_ptr<presence> client) {
    auto look = [self = shared_from_this(), client](boost::system::error_code error) {
        if (error == asio::error::operation_aborted && self->socket_.is_open())
            return; // the request is over
        if (!error) {
            std::array<char, 1> byte{};
            self->socket_.non_blocking(true, error);
            auto const size =
                self->socket_.receive(asio::buffer(byte), asio::socket_base::message_peek, error);
            if (!error && size != 0)
                return;
            if (error == asio::error::would_block)
                return self->watch(client);
        }
        client->gone = true;
        self->host_->notify();
    };
    socket_.async_wait(asio::socket_base::wait_read, std::move(look));
}

} // namespace secondwind::emulator
