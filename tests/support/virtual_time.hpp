// Time that passes only when a test says so.
#pragma once

#include "support/seeded_random.hpp"

#include <secondwind/net/deadline.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace secondwind::test {

// Scheduled events, and the deadlines that use the same clock. Minutes pass in the time that their
// events take. Only one object at a time: the clock is a function, so the whole process has one.
class virtual_time {
public:
    using milliseconds = std::chrono::milliseconds;
    using time_point = net::deadline::clock::time_point;

    explicit virtual_time(boost::asio::io_context& io);

    static time_point now() noexcept;
    // Since the construction.
    milliseconds elapsed() const noexcept;

    net::deadline_queue& deadlines() noexcept { return deadlines_; }

    // From now on the loop is busy and the network has no order: a loop that is late finds several
    // events at once, in any order, and has run any number of ready handlers when the next one
    // comes. The same seed repeats it.
    void disorder(std::uint64_t seed);

    // How late it is at most: not at all without disorder.
    static milliseconds lateness() noexcept;

    // Events of the same moment happen in the order in which they were scheduled, unless there is
    // disorder.
    void after(milliseconds span, std::function<void()> action);

    // Runs everything that is ready; no time passes.
    void settle();
    // Lets time pass until the predicate holds. False if it never will: no event is left, or
    // `at_most` has passed.
    bool pass_until(std::function<bool()> const& holds,
                    milliseconds at_most = std::chrono::hours{1});
    void pass(milliseconds span);

    // Called whenever everything that was ready has run.
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
    void meet_in_any_order();
    std::vector<std::function<void()>> take_due();

    boost::asio::io_context& io_;
    net::deadline_queue deadlines_;
    std::multimap<time_point, std::function<void()>> agenda_;
    time_point start_;
    std::optional<seeded_random> dice_; // of the disorder
};

} // namespace secondwind::test
