// A connection: TCP, optionally with TLS.
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/tls_session.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <limits>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace boost::beast {
enum class role_type;
} // namespace boost::beast

namespace secondwind::net {

// The interface is the same with and without TLS; without TLS it costs a branch. It must not be
// moved or destroyed while something waits on it.
class stream {
public:
    using executor_type = net::executor;
    using wait_type = asio::socket_base::wait_type;

    explicit stream(executor const& ex) : tcp_{ex} {}
    explicit stream(asio::io_context& io) : tcp_{io} {}
    explicit stream(net::socket connected) noexcept : tcp_{std::move(connected)} {}
    stream(stream&&) noexcept = default;

    // For TCP options and addresses; bytes must go through this class.
    net::socket& tcp() noexcept { return tcp_; }
    executor_type get_executor() noexcept { return tcp_.get_executor(); }
    bool is_open() const noexcept { return tcp_.is_open(); }

    // Uses TLS from now on, beginning with async_handshake().
    void begin_tls(std::unique_ptr<tls_session> session) noexcept { tls_ = std::move(session); }
    // Back to plain TCP, for a client that did not speak TLS.
    void forget_tls() noexcept { tls_.reset(); }
    // Null without TLS.
    tls_session* tls() noexcept { return tls_.get(); }

    // Makes the handshake. The handler takes an error code; tls()->error() then has the reason.
    template<class Handler>
    void async_handshake(Handler handler) {
        error_code ec;
        auto const type = tls_->handshake(ec);
        if (!type)
            return complete(std::move(handler), ec);
        tcp_.async_wait(*type, [this, h = std::move(handler)](error_code waited) mutable {
            if (!waited && tls_)
                async_handshake(std::move(h));
            else
                h(waited ? waited : asio::error::operation_aborted);
        });
    }

    // Waits until there is something to read, including an end or an error, or room to write.
    // Records of TLS that carry no data do not count.
    template<class Handler>
    void async_wait(wait_type type, Handler handler) {
        if (!tls_ || type != asio::socket_base::wait_read)
            // Asio's own memory for it may be that of a larger operation, and is found more slowly.
            tcp_.async_wait(type,
                            asio::bind_allocator(recycling_allocator<void>{}, std::move(handler)));
        else if (tls_->has_data())
            complete(std::move(handler), error_code{});
        else
            wait_for_data(std::move(handler));
    }

    // The stream operations that Beast needs.
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

    // Ends the sending direction, so that the other side sees an orderly end. would_block: call it
    // again when the other side has read more.
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
    void wait_for_data(Handler handler) {
        tcp_.async_wait(tls_->read_wait(), [this, h = std::move(handler)](error_code ec) mutable {
            if (!ec && tls_ && !tls_->look_for_data())
                wait_for_data(std::move(h));
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
    std::unique_ptr<tls_session> tls_; // destroyed before the descriptor is closed
};

// Writes up to four buffers whole. The first try is made at once, without suspending; only what the
// kernel does not take is waited for, and then `stall` bounds the time without progress (zero:
// nothing does). After that it ends with timed_out. Only a part was written, so nothing more can be
// written to the stream, but other waits on it continue. The bytes must live until it completes.
class [[nodiscard]] write_all : deadline {
public:
    write_all(stream& s, deadline_slot& slot, std::chrono::milliseconds stall, std::string_view a,
              std::string_view b = {}, std::string_view c = {}, std::string_view d = {}) noexcept
        : deadline{slot, "write_stall"}, stream_{s}, stall_{stall} {
        for (auto const each : {a, b, c, d})
            if (!each.empty())
                left_[parts_++] = asio::buffer(each);
    }

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
    void drop(std::size_t written);
    void wait();
    void on_expiry() override { wait_.emit(asio::cancellation_type::total); }

    stream& stream_;
    asio::cancellation_signal wait_;
    std::chrono::milliseconds stall_;
    tls_session::gathered left_; // the first `parts_` are not empty, the others are
    std::size_t parts_ = 0;
    std::coroutine_handle<> self_;
    error_code result_;
};

// One non-blocking read: would_block if there is nothing to read.
std::size_t try_read(stream& s, asio::mutable_buffer into, error_code& ec) noexcept;

// One non-blocking write of what the kernel takes now; would_block becomes zero bytes and no error.
// The rest must be written next.
std::size_t try_write(stream& s, std::string_view bytes, error_code& ec) noexcept;
// The same for two pieces, one after the other.
std::size_t try_write(stream& s, std::string_view first, std::string_view second,
                      error_code& ec) noexcept;

// Checks what has arrived on an idle connection, without reading it.
pending_input probe(stream& s) noexcept;

// Awaits shutdown_send(), but no longer than `stall` (zero: for ever); then it ends with timed_out.
task<error_code> end_sending(stream& s, deadline_slot& slot, std::chrono::milliseconds stall);

// Reads and discards the remaining input: until the other side ends (eof), another error, or after
// `most` bytes (no error). Closing a socket with unread bytes resets it, and after a reset the peer
// may lose the last message if it has not read it yet. Others may use `scratch` while this waits.
task<error_code> drop_input(stream& s, asio::mutable_buffer scratch,
                            std::size_t most = std::numeric_limits<std::size_t>::max());

// Closes with a reset, so that the peer does not mistake what it has received for a complete
// message.
void close_with_reset(stream& s) noexcept;
// Closes, after a close_notify where TLS can send one without waiting.
void close_quietly(stream& s) noexcept;

namespace detail {

template<class Handler>
task<void> tear_down(stream& s, Handler handler) {
    std::array<char, 2048> scratch;
    error_code ec;
    s.shutdown_send(ec);
    if (!ec || ec == asio::error::would_block)
        ec = co_await drop_input(s, asio::buffer(scratch));
    close_quietly(s);
    handler(ec == asio::error::eof ? error_code{} : ec);
}

} // namespace detail

// How Beast's WebSocket closes a connection: in order (RFC 6455 section 7.1.1), and at once.
template<class Handler>
void async_teardown(boost::beast::role_type /*role*/, stream& s, Handler handler) {
    asio::post(s.get_executor(), [&s, h = std::move(handler)]() mutable {
        spawn(detail::tear_down(s, std::move(h)));
    });
}
inline void beast_close_socket(stream& s) noexcept {
    close_quietly(s);
}

} // namespace secondwind::net
