#include "support/wire.hpp"

#include "support/run.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace secondwind::test {

using namespace boost::asio::experimental::awaitable_operators;

asio::awaitable<void> wire::begin_tls(tls_end end) {
    tls_.emplace(std::move(end));
    for (bool done = false; !done;) {
        std::exception_ptr failed;
        try {
            done = tls_->shake_hands();
        } catch (std::runtime_error const&) {
            failed = std::current_exception();
        }
        co_await send_raw(tls_->sealed()); // the alert, if it failed
        if (failed)
            std::rethrow_exception(failed);
        bool more = true;
        if (!done)
            more = co_await receive();
        if (!more)
            throw connection_ended{ended_, "the handshake was made"};
    }
    buffer_ += tls_->read();
}

asio::awaitable<bool> wire::send(std::string bytes) {
    if (tls_) {
        tls_->write(bytes);
        bytes = tls_->sealed();
    }
    bool const sent = co_await send_raw(std::move(bytes));
    co_return sent;
}

asio::awaitable<bool> wire::send_raw(std::string bytes) {
    asio::steady_timer timer{socket_.get_executor(), deadline};
    auto const raced = co_await (asio::async_write(socket_, asio::buffer(bytes), nothrow) ||
                                 timer.async_wait(nothrow));
    if (raced.index() == 1)
        throw timed_out{"the other side does not read what is sent"};
    co_return !std::get<0>(std::get<0>(raced));
}

asio::awaitable<bool> wire::fill() {
    auto const before = buffer_.size();
    bool more = true;
    while (more && buffer_.size() == before) {
        more = co_await receive();
        if (!tls_)
            break;
        buffer_ += tls_->read();
        if (tls_->ended())
            ended_ = ending::fin;
        else if (ended_ == ending::fin)
            ended_ = ending::cut;
        more = ended_ == ending::open;
    }
    co_return buffer_.size() != before;
}

// Reads from the network, into the buffer or into TLS.
asio::awaitable<bool> wire::receive() {
    if (ended_ != ending::open)
        co_return false;
    constexpr std::size_t size = 64 * 1024;
    auto const before = buffer_.size();
    buffer_.resize(before + size);
    asio::steady_timer timer{socket_.get_executor(), deadline};
    auto const raced =
        co_await (socket_.async_read_some(asio::buffer(buffer_.data() + before, size), nothrow) ||
                  timer.async_wait(nothrow));
    if (raced.index() == 1) {
        buffer_.resize(before);
        throw timed_out{"nothing more comes after: " +
                        buffer_.substr(before - std::min<std::size_t>(before, 300))};
    }
    auto const [error, count] = std::get<0>(raced);
    buffer_.resize(before + count);
    if (tls_) {
        tls_->take(std::string_view{buffer_}.substr(before));
        buffer_.resize(before);
    }
    if (error)
        ended_ = error == asio::error::eof ? ending::fin : ending::rst;
    co_return !error;
}

asio::awaitable<std::string> wire::read_until(std::string text) {
    std::size_t searched = 0;
    for (;;) {
        auto const at = buffer_.find(text, searched);
        if (at != std::string::npos) {
            auto bytes = buffer_.substr(0, at + text.size());
            buffer_.erase(0, at + text.size());
            co_return bytes;
        }
        searched = buffer_.size() < text.size() ? 0 : buffer_.size() - text.size() + 1;
        bool const more = co_await fill();
        if (!more)
            throw connection_ended{ended_, text};
    }
}

asio::awaitable<std::string> wire::read_exactly(std::size_t n) {
    while (buffer_.size() < n) {
        bool const more = co_await fill();
        if (!more)
            throw connection_ended{ended_, std::to_string(n) + " bytes were there"};
    }
    auto bytes = buffer_.substr(0, n);
    buffer_.erase(0, n);
    co_return bytes;
}

asio::awaitable<std::string> wire::read_some() {
    if (buffer_.empty()) {
        bool const more = co_await fill();
        if (!more)
            throw connection_ended{ended_, "any byte"};
    }
    co_return std::exchange(buffer_, {});
}

asio::awaitable<received> wire::read_to_end() {
    for (bool more = true; more;)
        more = co_await fill();
    received all{std::exchange(buffer_, {}), ended_};
    co_return all;
}

asio::awaitable<http_head> wire::read_head() {
    auto text = co_await read_until("\r\n\r\n");
    co_return parse_http_head(std::move(text));
}

asio::awaitable<http_request> wire::read_request() {
    http_request r;
    r.head = co_await read_head();
    auto const& line = r.head.first_line;
    r.method = line.substr(0, line.find(' '));
    auto const first = line.find(' ') + 1;
    r.target = line.substr(first, line.rfind(' ') - first);
    r.raw = r.head.text;
    auto const framing = request_framing(r.head);
    if (framing.how == body_framing::length) {
        r.body = co_await read_exactly(framing.length);
        r.raw += r.body;
    } else if (framing.how == body_framing::chunked) {
        auto decoded = decode_chunked(buffer_);
        while (!decoded.size) {
            bool const more = co_await fill();
            if (!more)
                throw connection_ended{ended_, "the last chunk"};
            decoded = decode_chunked(buffer_);
        }
        r.body = decoded.data;
        r.raw += buffer_.substr(0, *decoded.size);
        buffer_.erase(0, *decoded.size);
    }
    co_return r;
}

asio::awaitable<http_answer> wire::read_answer(bool without_body) {
    http_answer a;
    a.head = co_await read_head();
    a.status = status_of(a.head);
    a.raw = a.head.text;
    auto const framing = answer_framing(a.head, a.status, without_body);
    std::size_t taken = 0;
    switch (framing.how) {
    case body_framing::none:
        break;
    case body_framing::length:
        while (a.complete && buffer_.size() < framing.length)
            a.complete = co_await fill();
        taken = std::min(buffer_.size(), framing.length);
        a.body = buffer_.substr(0, taken);
        break;
    case body_framing::chunked: {
        auto decoded = decode_chunked(buffer_);
        while (a.complete && !decoded.size) {
            a.complete = co_await fill();
            decoded = decode_chunked(buffer_);
        }
        taken = decoded.size.value_or(buffer_.size());
        a.body = std::move(decoded.data);
        a.chunks = std::move(decoded.chunks);
        break;
    }
    case body_framing::until_close:
        for (bool more = true; more;)
            more = co_await fill();
        a.complete = ended_ == ending::fin;
        a.ending = ended_;
        taken = buffer_.size();
        a.body = buffer_;
        break;
    }
    if (!a.complete)
        a.ending = ended_;
    a.raw += buffer_.substr(0, taken);
    buffer_.erase(0, taken);
    co_return a;
}

asio::awaitable<std::optional<std::string>> wire::read_chunk() {
    auto const line = co_await read_until("\r\n");
    auto const size = std::stoul(line, nullptr, 16);
    auto bytes = co_await read_exactly(size + 2);
    if (!bytes.ends_with("\r\n"))
        throw std::runtime_error{"a chunk is longer than its size"};
    if (size == 0)
        co_return std::nullopt;
    bytes.resize(size);
    co_return bytes;
}

asio::awaitable<ending> wire::wait_closed() {
    for (bool more = true; more;) {
        buffer_.clear();
        more = co_await fill();
    }
    co_return ended_;
}

void wire::half_close() {
    boost::system::error_code ignored;
    if (tls_) {
        tls_->say_goodbye();
        asio::write(socket_, asio::buffer(tls_->sealed()), ignored);
        return;
    }
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void wire::reset() {
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket_.close(ignored);
}

void wire::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

} // namespace secondwind::test
