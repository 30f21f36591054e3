// Deadlines that cost one store when they are set, and nothing when they do not expire.
//
// A deadline belongs to the phase that it bounds: the phase constructs it, and its destruction
// disarms it, so that no deadline of a finished phase can fire.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/set.hpp>

#include <chrono>
#include <string_view>
#include <utility>

namespace secondwind::net {

class deadline;
class deadline_queue;

// A place in the queue for the deadlines of one coroutine, which waits for one thing at a time. It
// outlives them, so that the next deadline reuses its place and nothing in the queue moves.
class deadline_slot {
public:
    // The queue must outlive it.
    explicit deadline_slot(deadline_queue& queue) noexcept : queue_{queue} {}
    deadline_slot(deadline_slot const&) = delete;
    deadline_slot& operator=(deadline_slot const&) = delete;
    ~deadline_slot();

private:
    friend class deadline;
    friend class deadline_queue;
    using time_point = std::chrono::steady_clock::time_point;
    struct by_place {
        bool operator()(deadline_slot const& a, deadline_slot const& b) const noexcept {
            return a.place_ < b.place_;
        }
    };

    deadline_queue& queue_;
    deadline* armed_ = nullptr; // null: none is armed
    boost::intrusive::set_member_hook<> hook_;
    time_point due_;   // of the armed one
    time_point place_; // its place in the queue, if it has one: never later than due_
};

// One bound on one phase. It expires from the event loop, at most once for each time that it is
// armed, and ends the wait of its phase, which learns the reason from expired().
class deadline {
public:
    using clock = std::chrono::steady_clock;

    deadline(deadline const&) = delete;
    deadline& operator=(deadline const&) = delete;

    // Expires `span` from now, instead of any earlier setting; zero means never. No other deadline
    // may be armed in the same slot.
    void arm(std::chrono::milliseconds span);
    void disarm() noexcept {
        if (slot_.armed_ == this)
            slot_.armed_ = nullptr;
    }
    // It has expired at least once.
    bool expired() const noexcept { return expired_; }

protected:
    // `phase` names what it bounds, for tests: the setting with its span, if there is one.
    deadline(deadline_slot& slot, std::string_view phase) noexcept : slot_{slot}, phase_{phase} {}
    ~deadline() { disarm(); }

private:
    friend class deadline_queue;

    // Ends the wait, and nothing else. May destroy this.
    virtual void on_expiry() = 0;

    deadline_slot& slot_;
    std::string_view phase_;
    bool expired_ = false;
};

// A deadline for a phase that is a scope. `end_wait` is called when it expires.
template<class EndWait>
class scoped_deadline final : public deadline {
public:
    // Armed later, by arm().
    scoped_deadline(deadline_slot& slot, std::string_view phase, EndWait end_wait) noexcept
        : deadline{slot, phase}, end_wait_{std::move(end_wait)} {}
    scoped_deadline(deadline_slot& slot, std::string_view phase, std::chrono::milliseconds span,
                    EndWait end_wait)
        : scoped_deadline{slot, phase, std::move(end_wait)} {
        arm(span);
    }

private:
    void on_expiry() override { end_wait_(); }

    EndWait end_wait_;
};

// Hears of a timer.
class timer_handler {
public:
    virtual void on_timer() = 0;

protected:
    ~timer_handler() = default;
};

// Calls its handler after a time: for events that no coroutine waits for.
class timer final : deadline_slot, deadline {
public:
    // Both must outlive it.
    timer(deadline_queue& queue, std::string_view name, timer_handler& h) noexcept
        : deadline_slot{queue}, deadline{*this, name}, handler_{h} {}

    // Once, `span` from now, instead of any earlier setting; zero means never.
    void after(std::chrono::milliseconds span) { arm(span); }
    void clear() noexcept { disarm(); }

private:
    void on_expiry() override { handler_.on_timer(); }

    timer_handler& handler_;
};

// The time of the kernel's last tick, some milliseconds ago at most, on the same clock: for a
// quarter of what the exact time costs. For ages that are compared with much longer spans.
std::chrono::steady_clock::time_point recent_time();

// All deadlines of one io_context share one system timer.
//
// A deadline that moves later, as most do, keeps its earlier place in the queue and is put back
// when that place comes up. So a busy connection that renews its deadline with each read causes no
// system call and no queue work.
class deadline_queue {
public:
    using clock = deadline::clock;
    using now_function = clock::time_point (*)();

    // `source` is the clock; tests give their own and call expire() themselves.
    explicit deadline_queue(boost::asio::io_context& io, now_function source = &clock::now)
        : now_{source}, recently_{source == &clock::now ? &recent_time : source}, timer_{io} {}
    deadline_queue(deadline_queue const&) = delete;
    deadline_queue& operator=(deadline_queue const&) = delete;
    // Every slot must be destroyed before its queue.
    ~deadline_queue() = default;

    // Ends the waits of all deadlines that are due by the clock.
    void expire();

    // The clock that it uses.
    clock::time_point now() const { return now_(); }
    // The same, but up to some milliseconds ago; see recent_time().
    clock::time_point recently() const { return recently_(); }

    // When expire() is to be called next; time_point::max() if there is nothing to do. For a clock
    // that a test moves.
    clock::time_point next() const noexcept {
        return queue_.empty() ? clock::time_point::max() : queue_.begin()->place_;
    }

    // Calls `use` with the phase of each deadline that is armed. For tests: it walks the queue.
    template<class Use>
    void for_each_armed(Use use) const {
        for (auto const& each : queue_)
            if (each.armed_)
                use(each.armed_->phase_);
    }

private:
    friend class deadline;
    friend class deadline_slot;

    void place(deadline_slot& slot);
    void remove(deadline_slot& slot) noexcept;
    void set_timer();

    using queue = boost::intrusive::multiset<
        deadline_slot,
        boost::intrusive::member_hook<deadline_slot, boost::intrusive::set_member_hook<>,
                                      &deadline_slot::hook_>,
        boost::intrusive::compare<deadline_slot::by_place>>;

    now_function now_;
    now_function recently_;
    boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>,
                                      boost::asio::io_context::executor_type>
        timer_;
    clock::time_point fires_ = clock::time_point::max(); // when the timer does
    queue queue_;
};

} // namespace secondwind::net
