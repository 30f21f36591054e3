// The coroutine type of the data path.
#pragma once

#include <secondwind/net/recycler.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace secondwind::net {

template<class T>
class task;

namespace detail {

struct promise_base : recycled {
    std::coroutine_handle<> continuation;
    std::exception_ptr error;
    bool starting = true; // the first resume has not returned yet
    bool done = false;

    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct final_awaiter {
        bool await_ready() const noexcept { return false; }
        template<class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            auto& promise = self.promise();
            promise.done = true;
            // A task that ended before its first suspension returns to the one that started it,
            // which then goes on without having been suspended: a loop over such tasks uses no
            // stack, whether or not the compiler turns symmetric transfer into a tail call.
            if (promise.starting)
                return std::noop_coroutine();
            return promise.continuation;
        }
        void await_resume() const noexcept {}
    };
    final_awaiter final_suspend() const noexcept { return {}; }

    void unhandled_exception() noexcept { error = std::current_exception(); }
};

template<class T>
struct promise : promise_base {
    std::optional<T> value;

    task<T> get_return_object() noexcept;
    template<class U>
    void return_value(U&& v) {
        value.emplace(std::forward<U>(v));
    }
    T take() {
        if (error)
            std::rethrow_exception(error);
        return std::move(*value);
    }
};

template<>
struct promise<void> : promise_base {
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void take() const {
        if (error)
            std::rethrow_exception(error);
    }
};

} // namespace detail

// A coroutine that starts when it is awaited, and is destroyed with this object.
//
// boost::asio::awaitable does the same, but this costs less than half its instructions and memory,
// because it has no executor, no cancellation state and no stack of frames: there is one thread,
// and an operation is cancelled by closing what it waits on. An exception that leaves the coroutine
// is thrown again where it is awaited.
template<class T = void>
class [[nodiscard]] task {
public:
    using promise_type = detail::promise<T>;
    using handle = std::coroutine_handle<promise_type>;

    // Of work that is done already: awaiting it does nothing.
    task() noexcept requires std::is_void_v<T>
    = default;
    explicit task(handle h) noexcept : handle_{h} {}
    task(task&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
    task& operator=(task&&) = delete;
    task(task const&) = delete;
    task& operator=(task const&) = delete;
    ~task() {
        if (handle_)
            handle_.destroy();
    }

    bool await_ready() const noexcept { return std::is_void_v<T> && !handle_; }
    bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
        auto& promise = handle_.promise();
        promise.continuation = awaiting;
        handle_.resume();
        promise.starting = false;
        return !promise.done;
    }
    T await_resume() {
        if constexpr (std::is_void_v<T>)
            if (!handle_)
                return;
        return handle_.promise().take();
    }

private:
    handle handle_;
};

template<class T>
task<T> detail::promise<T>::get_return_object() noexcept {
    return task<T>{std::coroutine_handle<promise>::from_promise(*this)};
}

inline task<void> detail::promise<void>::get_return_object() noexcept {
    return task<void>{std::coroutine_handle<promise>::from_promise(*this)};
}

// A coroutine that starts when it is called, and that nothing awaits. It must not throw: an
// exception that leaves it ends the process.
struct detached {
    struct promise_type : recycled {
        detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
};

// Starts a task that is not awaited, as a detached coroutine.
inline void spawn(task<void> work) {
    // A plain function with a by-value parameter: the frame owns the task.
    constexpr auto run = [](task<void> t) -> detached { co_await t; };
    run(std::move(work));
}

} // namespace secondwind::net
