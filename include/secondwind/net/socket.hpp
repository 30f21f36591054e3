// TCP sockets and their options.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <coroutine>
#include <utility>

namespace secondwind::net {

namespace asio = boost::asio;
using boost::system::error_code;

// Concrete executors: with the type-erased one, each operation costs a work guard.
using executor = asio::io_context::executor_type;
using socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using endpoint = asio::ip::tcp::endpoint;

// Awaits any Asio operation that completes with just an error code. `initiate` is called with the
// completion handler; only Asio's operation is allocated.
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

// With epoll, a connect leaves the socket registered for writability, so each write would wake the
// loop once more, with nothing to do. This registers the socket again, for reading only. After an
// error the socket is closed.
void forget_writability(socket& s, error_code& ec);

// Sets the options of every connection: TCP_NODELAY, and non-blocking.
void prepare(socket& s, error_code& ec);

} // namespace secondwind::net
