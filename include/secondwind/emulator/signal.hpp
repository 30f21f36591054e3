// Waiting for a condition without polling.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <list>
#include <utility>

namespace secondwind::emulator {

namespace asio = boost::asio;
constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

// For a spawned coroutine: a bug in it ends io_context::run() with its exception, where nobody can
// miss it.
inline void rethrow(std::exception_ptr error) {
    if (error)
        std::rethrow_exception(error);
}

// A condition variable for the coroutines of one thread.
class signal {
public:
    using clock = std::chrono::steady_clock;

    explicit signal(asio::any_io_executor executor) : executor_{std::move(executor)} {}

    // Whoever waits looks at its condition again, from the io_context.
    void notify();

    // Completes with true once `holds` does, which is asked at once and after each notify(), and
    // with false when the limit has passed before. Name the predicate before the co_await: g++ 12
    // destroys a temporary lambda in that expression twice.
    asio::awaitable<bool> until(std::function<bool()> holds,
                                clock::time_point limit = clock::time_point::max());

private:
    asio::any_io_executor executor_;
    std::list<asio::steady_timer*> waiting_;
};

} // namespace secondwind::emulator
