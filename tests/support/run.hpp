// Runs a coroutine of a test to its end, or fails.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace secondwind::test {

// The test waited for what did not come.
struct timed_out : std::runtime_error {
    using std::runtime_error::runtime_error;
};

namespace detail {

// Runs what else is in the io_context too, until `done` or the time is over.
inline void drive(boost::asio::io_context& io, bool const& done,
                  std::chrono::steady_clock::time_point until) {
    io.restart();
    while (!done && io.run_one_until(until) != 0) {
    }
}

} // namespace detail

// Gives what the coroutine gives and rethrows what it throws. Past the limit, or when nothing is
// left that could ever resume it, it is cancelled and timed_out is thrown, which fails the test.
template<class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> task,
      std::chrono::milliseconds limit = std::chrono::seconds{20}) {
    namespace asio = boost::asio;
    bool done = false;
    std::exception_ptr error;
    std::conditional_t<std::is_void_v<T>, bool, std::optional<T>> result{};
    asio::cancellation_signal cancel;
    if constexpr (std::is_void_v<T>) {
        asio::co_spawn(io, std::move(task),
                       asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e) {
                           error = e;
                           done = true;
                       }));
    } else {
        asio::co_spawn(io, std::move(task),
                       asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e, T r) {
                           error = e;
                           result = std::move(r);
                           done = true;
                       }));
    }
    auto const end = std::chrono::steady_clock::now() + limit;
    detail::drive(io, done, end);
    if (!done) {
        bool const starved = std::chrono::steady_clock::now() < end;
        cancel.emit(asio::cancellation_type::terminal);
        // The frame refers to the test's variables, so it goes before they do.
        detail::drive(io, done, std::chrono::steady_clock::now() + std::chrono::seconds{2});
        throw timed_out{starved ? "the coroutine waits for what can't come any more"
                                : "the coroutine did not end in time"};
    }
    if (error)
        std::rethrow_exception(error);
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

} // namespace secondwind::test
