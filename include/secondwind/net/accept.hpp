// Awaits the next client of a listener.
#pragma once

#include <secondwind/net/socket.hpp>

#include <chrono>
#include <coroutine>

namespace secondwind::net {

// What to wait after an accept that failed, as it does when descriptors are out: long enough not to
// spin, short enough that nobody notices.
constexpr std::chrono::milliseconds accept_pause{100};

class [[nodiscard]] accept_one {
public:
    accept_one(acceptor& from, asio::io_context& io) : from_{from}, accepted{io} {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
        from_.async_accept(accepted, [this, self](error_code ec) {
            ec_ = ec;
            self.resume();
        });
    }
    error_code await_resume() const noexcept { return ec_; }

private:
    acceptor& from_;
    error_code ec_;

public:
    socket accepted;
};

} // namespace secondwind::net
