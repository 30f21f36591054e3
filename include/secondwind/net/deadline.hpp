// Deadlines that cost a store when they are set and nothing when they are met.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/set.hpp>

#include <chrono>

namespace secondwind::net {

class deadline_queue;

// One bound on one sequence of waits. When it expires it calls its listener once, from the event
// loop; the listener closes what is waited on, and the wait ends with an error.
class deadline {
public:
    using clock = std::chrono::steady_clock;

    class listener {
    public:
        virtual void on_deadline() = 0;

    protected:
        ~listener() = default;
    };

    // Both must outlive this.
    deadline(deadline_queue& queue, listener& who) noexcept : queue_{queue}, listener_{who} {}
    deadline(deadline const&) = delete;
    deadline& operator=(deadline const&) = delete;
    ~deadline();

    // Expires `span` from now, whatever was set before; zero means never.
    void after(std::chrono::milliseconds span);
    void clear() noexcept { due_ = clock::time_point::max(); }

private:
    friend class deadline_queue;
    struct by_place {
        bool operator()(deadline const& a, deadline const& b) const noexcept {
            return a.place_ < b.place_;
        }
    };

    deadline_queue& queue_;
    listener& listener_;
    boost::intrusive::set_member_hook<> hook_;
    clock::time_point due_ = clock::time_point::max();
    clock::time_point place_; // where it stands in the queue, if it does: never later than due_
};

// All deadlines of one io_context, behind one timer.
//
// A deadline that moves later, as most do, is not touched in the queue: it keeps its earlier place
// and is put back when that place comes up. So a busy connection that renews its deadline with each
// read causes no system call and no queue work.
class deadline_queue {
public:
    using clock = deadline::clock;
    using now_function = clock::time_point (*)();

    // `source` is the clock; tests give their own and call expire() themselves.
    explicit deadline_queue(boost::asio::io_context& io, now_function source = &clock::now)
        : now_{source}, timer_{io} {}
    deadline_queue(deadline_queue const&) = delete;
    deadline_queue& operator=(deadline_queue const&) = delete;
    // Every deadline must be gone before its queue.
    ~deadline_queue() = default;

    // Calls the listeners of all deadlines that are due by the clock.
    void expire();

    // The clock that it goes by.
    clock::time_point now() const { return now_(); }

private:
    friend class deadline;

    void place(deadline& d);
    void remove(deadline& d) noexcept;
    void arm();

    using queue = boost::intrusive::multiset<
        deadline,
        boost::intrusive::member_hook<deadline, boost::intrusive::set_member_hook<>,
                                      &deadline::hook_>,
        boost::intrusive::compare<deadline::by_place>>;

    now_function now_;
    boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>,
                                      boost::asio::io_context::executor_type>
        timer_;
    clock::time_point armed_ = clock::time_point::max(); // when the timer fires
    queue queue_;
};

} // namespace secondwind::net
