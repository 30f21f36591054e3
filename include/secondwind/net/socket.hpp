// TCP sockets and the few awaits that the data path needs.
#pragma once

#include <secondwind/net/deadline.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <string_view>

namespace secondwind::net {

namespace asio = boost::asio;
using boost::system::error_code;

// Concrete executors: with the type-erased one each operation pays for a work guard.
using executor = asio::io_context::executor_type;
using socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using endpoint = asio::ip::tcp::endpoint;

// Awaits anything that Asio completes with just an error code. `initiate` is called with the
// completion handler; nothing is allocated but Asio's own operation.
template<class Initiate>
class [[nodiscard]] completion {
public:
    explicit completion(Initiate initiate) : initiate_{std::move(initiate)} {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
        initiate_([this, self](error_code ec) {
            result_ = ec;
            self.resume();
        });
    }
    error_code await_resume() const noexcept { return result_; }

private:
    Initiate initiate_;
    error_code result_;
};

inline auto connect(socket& s, endpoint to) {
    return completion{[&s, to](auto handler) { s.async_connect(to, std::move(handler)); }};
}

// Writes up to four buffers whole. The first try is made at once, without suspending; only what
// the kernel does not take is waited for, and then `stall` bounds the time without progress.
// The bytes must live until it completes.
class [[nodiscard]] write_all {
public:
    write_all(socket& s, deadline& guard, std::chrono::milliseconds stall, std::string_view a,
              std::string_view b = {}, std::string_view c = {}, std::string_view d = {}) noexcept
        : socket_{s}, guard_{guard}, stall_{stall}, buffers_{asio::buffer(a), asio::buffer(b),
                                                             asio::buffer(c), asio::buffer(d)} {}

    bool await_ready() { return advance(); }
    void await_suspend(std::coroutine_handle<> self) {
        self_ = self;
        wait();
    }
    error_code await_resume() {
        if (self_)
            guard_.clear();
        return result_;
    }

    // True if it had to wait for the other side.
    bool waited() const noexcept { return self_ != nullptr; }

private:
    bool advance(); // true when all is written or an error came
    void wait();

    socket& socket_;
    deadline& guard_;
    std::chrono::milliseconds stall_;
    std::array<asio::const_buffer, 4> buffers_;
    std::coroutine_handle<> self_;
    error_code result_;
};

// One non-blocking read: would_block where there is nothing.
std::size_t try_read(socket& s, asio::mutable_buffer into, error_code& ec) noexcept;

// One non-blocking write of what the kernel takes now; would_block becomes zero bytes and no error.
std::size_t try_write(socket& s, std::string_view bytes, error_code& ec) noexcept;

// What a connection that should be silent has to say, without reading it.
enum class silence { quiet, data, closed };
silence probe(socket& s) noexcept;

// With epoll, a connect leaves the socket registered for writability, and each write then wakes the
// loop once more for nothing: it is registered anew. After an error the socket is closed.
void forget_writability(socket& s, error_code& ec);

// What every connection of ours has: no delay, non-blocking.
void prepare(socket& s, error_code& ec);

// Closes so that the peer sees a reset: it must not take what it has for a complete message.
void close_with_reset(socket& s) noexcept;
void close_quietly(socket& s) noexcept;

} // namespace secondwind::net
