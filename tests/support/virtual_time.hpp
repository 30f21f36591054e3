// Time that passes only when a test says so.
#pragma once

#include <secondwind/net/deadline.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <coroutine>
#include <functional>
#include <map>

namespace secondwind::test {

// What is to happen, when, and the deadlines that go by the same clock. Minutes pass in the time
// that their events take. One at a time: the clock is a function, and so it is the process's.
class virtual_time {
public:
    using milliseconds = std::chrono::milliseconds;
    using time_point = net::deadline::clock::time_point;

    explicit virtual_time(boost::asio::io_context& io);

    static time_point now() noexcept;
    // Since the object was made.
    milliseconds elapsed() const noexcept;

    net::deadline_queue& deadlines() noexcept { return deadlines_; }

    // Events of one moment happen in the order in which they were set.
    void after(milliseconds span, std::function<void()> what);

    // Runs what is ready, and no time passes.
    void settle();
    // Lets time pass until the predicate holds. False if it never will: nothing more is to come,
    // or `at_most` has passed.
    bool pass_until(std::function<bool()> const& holds,
                    milliseconds at_most = std::chrono::hours{1});
    void pass(milliseconds span);

    // Called whenever all that was ready has run.
    std::function<void()> on_settled;

    class [[nodiscard]] sleep {
    public:
        sleep(virtual_time& time, milliseconds span) noexcept : time_{time}, span_{span} {}
        bool await_ready() const noexcept { return span_ <= milliseconds::zero(); }
        void await_suspend(std::coroutine_handle<> self) {
            time_.after(span_, [self] { self.resume(); });
        }
        void await_resume() const noexcept {}

    private:
        virtual_time& time_;
        milliseconds span_;
    };

private:
    void move_to(time_point t);

    boost::asio::io_context& io_;
    net::deadline_queue deadlines_;
    std::multimap<time_point, std::function<void()>> agenda_;
    time_point start_;
    bool deadlines_pend_ = false;
};

} // namespace secondwind::test
