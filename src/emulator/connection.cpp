#include "connection.hpp"
#include "inference.hpp"
#include "listings.hpp"
#include "management.hpp"
#include "tokens.hpp"

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

// Beast reads 512 bytes at a time into a buffer that has no more room reserved.
constexpr std::size_t read_size = 64 * 1024;
constexpr std::size_t max_head = 1024 * 1024;

bool asks_for_upgrade(http::request<http::string_body> const& r) {
    return r.find(http::field::upgrade) != r.end() &&
           http::token_list{r[http::field::connection]}.exists("upgrade");
}

} // namespace

connection::connection(asio::ip::tcp::socket socket, std::shared_ptr<machine> m,
                       std::uint64_t number)
    : socket_{std::move(socket)}, m_{std::move(m)}, number_{number}, patience_{
                                                                         socket_.get_executor()} {
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    buffer_.reserve(read_size);
    ++m_->counts.connections_open;
    m_->notify();
}

connection::~connection() {
    --m_->counts.connections_open;
    m_->notify();
}

void connection::close() {
    boost::system::error_code ignored;
    patience_.cancel();
    socket_.close(ignored);
}

asio::awaitable<void> connection::serve(std::shared_ptr<connection> self) {
    for (bool more = true; more && !self->m_->stopping;) {
        auto received = co_await self->read();
        if (!received)
            break;
        auto client = std::make_shared<presence>();
        self->watch(client);
        if (received->upgrade) {
            co_await self->upgrade(std::move(received->what), client);
            break;
        }
        responder out{self->socket_, client, received->manner};
        co_await self->respond(std::move(received->what), out);
        more = out.keeps_alive();
        // The watch ends here; nothing else waits on the socket now.
        boost::system::error_code ignored;
        if (more)
            self->socket_.cancel(ignored);
    }
    self->close();
}

// Node closes a connection only between requests, and never before the first.
asio::awaitable<bool> connection::wait_for_bytes() {
    bool const bounded = !first_ && m_->how.keep_alive.count() > 0;
    first_ = false;
    if (buffer_.size() != 0)
        co_return true;
    idle_ = true;
    if (bounded) {
        patience_.expires_after(m_->how.keep_alive);
        auto expire = [weak = weak_from_this()](boost::system::error_code const& error) {
            auto const self = weak.lock();
            // An expiry that was already on its way when a request came is not meant for now.
            if (self && !error && self->idle_ &&
                self->patience_.expiry() <= asio::steady_timer::clock_type::now())
                self->close();
        };
        patience_.async_wait(std::move(expire));
    }
    auto const [error] = co_await socket_.async_wait(asio::socket_base::wait_read, nothrow);
    idle_ = false;
    patience_.cancel();
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
    // The head is taken as text first: the parser keeps neither the order of repeated fields nor
    // the white space.
    auto head = co_await read_head();
    if (head.empty())
        co_return std::nullopt;
    incoming in;
    in.what = parse_head(std::move(head));
    in.what.connection = number_;

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
    in.manner.http_1_0 = message.version() < 11;
    in.manner.head_only = message.method() == http::verb::head;
    in.manner.keep_alive = message.keep_alive();
    in.manner.idle = m_->how.keep_alive;
    in.upgrade = asks_for_upgrade(message);
    in.what.body = std::move(message.body());

    ++m_->counts.requests;
    if (m_->how.keep_requests)
        m_->requests.push_back(in.what);
    m_->notify();
    co_return in;
}

// As Node answers what it can't parse.
asio::awaitable<void> connection::refuse() {
    constexpr std::string_view bad = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    co_await asio::async_write(socket_, asio::buffer(bad), nothrow);
}

asio::awaitable<void> connection::respond(request what, responder& out) {
    if (auto said = m_->told.take_answer(path_of(what.target))) {
        co_await out.send(std::move(*said));
        co_return;
    }
    if (auto refusal = refuse_request(m_->how.api_token, what)) {
        co_await out.send(std::move(*refusal));
        co_return;
    }
    auto const to = route(what.method, what.target, m_->how.rest_v1);
    if (is_inference(to.where)) {
        co_await infer(m_, out, to.where, std::move(what.body));
        co_return;
    }
    switch (to.where) {
    case endpoint::v1_load:
        co_await load_model(m_, out, std::move(what.body));
        co_return;
    case endpoint::v1_unload:
        co_await unload_model(m_, out, std::move(what.body));
        co_return;
    case endpoint::greeting: {
        answer hello{200, "application/json; charset=utf-8", R"({"lmstudio":true})"};
        co_await out.send(std::move(hello));
        co_return;
    }
    case endpoint::models:
        co_await out.send(pretty(200, openai_list(m_->models, m_->how.jit)));
        co_return;
    case endpoint::v0_models:
        co_await out.send(pretty(200, v0_list(m_->models, m_->how.jit)));
        co_return;
    case endpoint::v0_model: {
        auto const found = v0_model(m_->models, to.model);
        auto said = found ? pretty(200, *found)
                          : object_error(404, "Model not found", "model", "model_not_found");
        co_await out.send(std::move(said));
        co_return;
    }
    case endpoint::v1_models:
        co_await out.send(pretty(200, v1_list(m_->models)));
        co_return;
    default:
        break;
    }
    unsigned const status = to.where == endpoint::preflight    ? 400
                            : to.where == endpoint::unknown_v1 ? 404
                                                               : 200;
    co_await out.send(unexpected_endpoint(status, what.method, what.target));
}

asio::awaitable<void> connection::upgrade(request what, std::shared_ptr<presence> client) {
    if (m_->how.on_upgrade) {
        boost::system::error_code ignored;
        socket_.cancel(ignored); // ends the watch
        std::string early{static_cast<char const*>(buffer_.data().data()), buffer_.size()};
        auto handler = m_->how.on_upgrade;
        auto moved = std::move(socket_);
        co_await handler(std::move(moved), std::move(what), std::move(early));
        co_return;
    }
    auto left = [this, client] { return client->gone || m_->stopping; };
    co_await m_->changed.until(left);
}

// Bytes that come meanwhile belong to the next request; from then on a close is only noticed by a
// write that fails. A client that has closed its sending side counts as gone, as in Node.
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
        self->m_->notify();
    };
    socket_.async_wait(asio::socket_base::wait_read, std::move(look));
}

} // namespace secondwind::emulator
