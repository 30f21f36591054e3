// A connection: TCP, and perhaps TLS over it.
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/tls_session.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace boost::beast {
enum class role_type;
} // namespace boost::beast

namespace secondwind::net {

// Whether there is TLS makes no difference to who reads, writes or waits; in plain TCP it costs a
// branch. It must not be moved or destroyed while something waits on it.
class stream {
public:
    using executor_type = net::executor;
    using wait_type = asio::socket_base::wait_type;

    explicit stream(executor const& ex) : tcp_{ex} {}
    explicit stream(asio::io_context& io) : tcp_{io} {}
    explicit stream(net::socket connected) noexcept : tcp_{std::move(connected)} {}
    stream(stream&&) noexcept = default;

    // For what concerns TCP alone; bytes go through this class.
    net::socket& tcp() noexcept { return tcp_; }
    executor_type get_executor() noexcept { return tcp_.get_executor(); }
    bool is_open() const noexcept { return tcp_.is_open(); }
    void cancel() noexcept {
        error_code ignored;
        tcp_.cancel(ignored);
    }

    // From now on TLS is spoken: async_handshake() comes first.
    void begin_tls(std::unique_ptr<tls_session> session) noexcept { tls_ = std::move(session); }
    // Back to TCP, for a client that never spoke TLS.
    void forget_tls() noexcept { tls_.reset(); }
    // Null where there is none.
    tls_session* tls() noexcept { return tls_.get(); }

    // Makes the handshake; the handler takes an error code, and tls()->why() tells more.
    template<class Handler>
    void async_handshake(Handler handler) {
        error_code ec;
        auto const what = tls_->shake_hands(ec);
        if (!what)
            return complete(std::move(handler), ec);
        tcp_.async_wait(*what, [this, h = std::move(handler)](error_code waited) mutable {
            if (!waited && tls_)
                async_handshake(std::move(h));
            else
                h(waited ? waited : asio::error::operation_aborted);
        });
    }

    // Waits until there is something to read, an end or an error included, or room to write. What
    // TLS says to itself is nothing to read.
    template<class Handler>
    void async_wait(wait_type what, Handler handler) {
        if (!tls_ || what != asio::socket_base::wait_read)
            tcp_.async_wait(what, std::move(handler));
        else if (tls_->has_news())
            complete(std::move(handler), error_code{});
        else
            listen(std::move(handler));
    }

    // What Beast needs, of a stream of bytes.
    template<class Buffers, class Handler>
    void async_read_some(Buffers const& into, Handler&& handler) {
        if (!tls_)
            return tcp_.async_read_some(into, std::forward<Handler>(handler));
        asio::mutable_buffer first;
        for (auto at = asio::buffer_sequence_begin(into);
             first.size() == 0 && at != asio::buffer_sequence_end(into); ++at)
            first = *at;
        if (first.size() == 0)
            return complete(std::forward<Handler>(handler), error_code{}, std::size_t{0});
        read_later(first, std::decay_t<Handler>(std::forward<Handler>(handler)));
    }
    template<class Buffers, class Handler>
    void async_write_some(Buffers const& from, Handler&& handler) {
        if (!tls_)
            return tcp_.async_write_some(from, std::forward<Handler>(handler));
        tls_session::gathered some;
        auto next = some.begin();
        for (auto at = asio::buffer_sequence_begin(from);
             next != some.end() && at != asio::buffer_sequence_end(from); ++at)
            if (asio::const_buffer const each = *at; each.size() != 0)
                *next++ = each;
        error_code ec;
        auto const n = tls_->write(some, ec);
        if (ec != asio::error::would_block)
            return complete(std::forward<Handler>(handler), ec, n);
        write_later(some, std::decay_t<Handler>(std::forward<Handler>(handler)));
    }

    // Ends what we send, so that the other side sees an orderly end: would_block where that must
    // wait for the other side to read.
    void shutdown_send(error_code& ec) noexcept;

private:
    friend void close_with_reset(stream& s) noexcept;
    friend void close_quietly(stream& s) noexcept;

    template<class Handler, class... Results>
    void complete(Handler&& handler, Results... results) {
        asio::post(tcp_.get_executor(),
                   [h = std::forward<Handler>(handler), results...]() mutable { h(results...); });
    }
    template<class Handler>
    void listen(Handler handler) {
        tcp_.async_wait(tls_->read_wait(), [this, h = std::move(handler)](error_code ec) mutable {
            if (!ec && tls_ && !tls_->look())
                listen(std::move(h));
            else
                h(ec);
        });
    }
    template<class Handler>
    void read_later(asio::mutable_buffer into, Handler handler) {
        async_wait(asio::socket_base::wait_read,
                   [this, into, h = std::move(handler)](error_code ec) mutable {
                       std::size_t n = 0;
                       if (!ec)
                           n = read(into, ec);
                       if (ec == asio::error::would_block)
                           read_later(into, std::move(h));
                       else
                           h(ec, n);
                   });
    }
    template<class Handler>
    void write_later(tls_session::gathered from, Handler handler) {
        tcp_.async_wait(asio::socket_base::wait_write,
                        [this, from, h = std::move(handler)](error_code ec) mutable {
                            std::size_t n = 0;
                            if (!ec && !tls_)
                                ec = asio::error::operation_aborted;
                            if (!ec)
                                n = tls_->write(from, ec);
                            if (ec == asio::error::would_block)
                                write_later(from, std::move(h));
                            else
                                h(ec, n);
                        });
    }
    std::size_t read(asio::mutable_buffer into, error_code& ec) noexcept {
        return tls_ ? tls_->read(into, ec) : tcp_.read_some(into, ec);
    }

    net::socket tcp_;
    std::unique_ptr<tls_session> tls_; // goes before the descriptor does
};

// Writes up to four buffers whole. The first try is made at once, without suspending; only what
// the kernel does not take is waited for, and then `stall` bounds the time without progress (zero:
// nothing does). Past that it ends with timed_out: what was written is a part, so the stream is of
// no more use to a writer, but whoever else waits on it goes on.
// The bytes must live until it completes.
class [[nodiscard]] write_all : deadline {
public:
    write_all(stream& s, deadline_slot& slot, std::chrono::milliseconds stall, std::string_view a,
              std::string_view b = {}, std::string_view c = {}, std::string_view d = {}) noexcept
        : deadline{slot, "write_stall"}, stream_{s}, stall_{stall}, buffers_{asio::buffer(a),
                                                                             asio::buffer(b),
                                                                             asio::buffer(c),
                                                                             asio::buffer(d)} {}

    bool await_ready() { return advance(); }
    void await_suspend(std::coroutine_handle<> self) {
        self_ = self;
        wait();
    }
    error_code await_resume() {
        disarm();
        return result_;
    }

    // True if it had to wait for the other side.
    bool waited() const noexcept { return self_ != nullptr; }
    // True if the other side has taken nothing for too long.
    using deadline::expired;

private:
    bool advance(); // true when all is written or an error came
    void wait();
    void on_expiry() override { wait_.emit(asio::cancellation_type::total); }

    stream& stream_;
    asio::cancellation_signal wait_;
    std::chrono::milliseconds stall_;
    std::array<asio::const_buffer, 4> buffers_;
    std::coroutine_handle<> self_;
    error_code result_;
};

// One non-blocking read: would_block where there is nothing.
std::size_t try_read(stream& s, asio::mutable_buffer into, error_code& ec) noexcept;

// One non-blocking write of what the kernel takes now; would_block becomes zero bytes and no error.
// What it does not take must come next.
std::size_t try_write(stream& s, std::string_view bytes, error_code& ec) noexcept;

silence probe(stream& s) noexcept;

// Awaits shutdown_send(), no longer than `stall` (zero: for ever); then it ends with timed_out.
task<error_code> end_sending(stream& s, deadline_slot& slot, std::chrono::milliseconds stall);

// Closes so that the peer sees a reset: it must not take what it has for a complete message.
void close_with_reset(stream& s) noexcept;
// Says goodbye first, where that need not wait.
void close_quietly(stream& s) noexcept;

namespace detail {

template<class Handler>
task<void> part(stream& s, Handler handler) {
    std::array<char, 2048> ignored;
    error_code ec;
    s.shutdown_send(ec);
    while (!ec || ec == asio::error::would_block) {
        completion readable{
            [&s](auto done) { s.async_wait(asio::socket_base::wait_read, std::move(done)); }};
        ec = co_await readable;
        if (!ec)
            try_read(s, asio::buffer(ignored), ec);
    }
    close_quietly(s);
    handler(ec == asio::error::eof ? error_code{} : ec);
}

} // namespace detail

// How Beast's WebSocket ends a connection (RFC 6455 section 7.1.1), and gives it up.
template<class Handler>
void async_teardown(boost::beast::role_type /*role*/, stream& s, Handler handler) {
    asio::post(s.get_executor(),
               [&s, h = std::move(handler)]() mutable { spawn(detail::part(s, std::move(h))); });
}
inline void beast_close_socket(stream& s) noexcept {
    close_quietly(s);
}

} // namespace secondwind::net
