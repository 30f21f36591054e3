// Accepts the connections to a listening socket.
#pragma once

#include <secondwind/net/descriptors.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/net/task.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <coroutine>
#include <exception>
#include <string_view>
#include <utility>

namespace secondwind::net {

// The pause after a failed accept, for example when there are no descriptors left: long enough not
// to spin, short enough not to be noticed.
constexpr std::chrono::milliseconds accept_pause{100};
// The pause if descriptors are about to become free.
constexpr std::chrono::milliseconds relieved_pause{1};

class [[nodiscard]] accept_one {
public:
    explicit accept_one(acceptor& from) : from_{from}, accepted{from.get_executor()} {}
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

// Accepts connections until `from` is closed, and passes each to `take(socket)`, the last one
// perhaps after that. A failure costs only the connection that it occurs with: after a pause,
// accepting continues. A failure is an accept that fails, or anything that `take` throws, such as
// std::bad_alloc; `fail(reason)` is called for the first failure in a row. If there were no
// descriptors left, `relieve()` is called: it is true if some are about to become free, and then
// the pause is short and the failure none to report.
//
// To end it, close `from` and cancel `pause`; all must outlive it.
template<class Take, class Fail, class Relieve>
task<void> accept_all(acceptor& from, asio::steady_timer& pause, Take& take, Fail& fail,
                      Relieve& relieve) {
    bool failing = false;
    auto const report = [&](char const* reason) noexcept {
        try {
            if (!failing)
                fail(std::string_view{reason});
        } catch (std::exception const&) {
            return; // there is not even enough memory to report it
        }
    };
    while (from.is_open()) {
        bool failed = false;
        bool relieved = false;
        try {
            accept_one next{from};
            auto const ec = co_await next;
            failed = ec && from.is_open() && ec != asio::error::connection_aborted;
            relieved = failed && lacks_descriptors(ec) && relieve();
            if (!ec)
                take(std::move(next.accepted));
            else if (failed && !relieved)
                report(ec.message().c_str());
        } catch (std::exception const& e) {
            failed = true;
            report(e.what());
        }
        failing = failed && !relieved;
        if (!failed)
            continue;
        pause.expires_after(relieved ? relieved_pause : accept_pause);
        completion until{[&pause](auto handler) { pause.async_wait(std::move(handler)); }};
        co_await until;
    }
}

} // namespace secondwind::net
