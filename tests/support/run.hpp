// Runs a coroutine of a test to its end, or fails.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

namespace secondwind::test {

// The test waited for something that did not happen.
struct timed_out : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// While it lives, drive() calls it after each handler that the event loop has run, so that it sees
// the program in each of its states.
class bystander {
public:
    virtual void after_handler() = 0;

    bystander(bystander const&) = delete;
    bystander& operator=(bystander const&) = delete;

protected:
    bystander();
    ~bystander();
};

// Runs the io_context until `done` is true or the time is up.
void drive(boost::asio::io_context& io, bool const& done,
           std::chrono::steady_clock::time_point until);

// Rethrows the coroutine's exception. After the limit, or when nothing is left that could resume
// the coroutine, it is cancelled and timed_out is thrown, which fails the test.
void run(boost::asio::io_context& io, boost::asio::awaitable<void> task,
         std::chrono::milliseconds limit = std::chrono::seconds{20});

// The same, and returns the coroutine's result.
template<class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> task,
      std::chrono::milliseconds limit = std::chrono::seconds{20}) {
    std::optional<T> result;
    auto keep = [](boost::asio::awaitable<T> from,
                   std::optional<T>& to) -> boost::asio::awaitable<void> {
        to = co_await std::move(from);
    };
    run(io, keep(std::move(task), result), limit);
    return std::move(*result);
}

} // namespace secondwind::test
