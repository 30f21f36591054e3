// Lets coroutines wait until something has happened.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>

#include <coroutine>

namespace secondwind::net {

// open() resumes all waiting coroutines in the order in which they began to wait, each from the
// event loop and not from inside open(). A single wait can be cancelled.
class gate {
public:
    explicit gate(boost::asio::io_context& io) noexcept : io_{io} {}

    // One wait. To cancel it, keep a pointer to this object, which must not be moved while it
    // waits.
    class [[nodiscard]] waiter {
    public:
        explicit waiter(gate& at) noexcept : gate_{at} {}
        waiter(waiter const&) = delete;
        waiter& operator=(waiter const&) = delete;

        bool await_ready() const noexcept { return cancelled_; }
        void await_suspend(std::coroutine_handle<> self) {
            self_ = self;
            gate_.waiters_.push_back(*this);
        }
        // True if the gate opened, false if the wait was cancelled.
        bool await_resume() const noexcept { return !cancelled_; }

        void cancel() {
            if (cancelled_)
                return;
            if (hook_.is_linked()) {
                cancelled_ = true;
                gate_.waiters_.erase(gate_.waiters_.iterator_to(*this));
                resume_later();
            } else if (!self_) {
                cancelled_ = true; // not waiting yet
            }
        }

    private:
        friend class gate;
        void resume_later() {
            boost::asio::post(gate_.io_, [self = self_] { self.resume(); });
        }

        gate& gate_;
        boost::intrusive::list_member_hook<> hook_;
        std::coroutine_handle<> self_;
        bool cancelled_ = false;
    };

    void open() {
        while (!waiters_.empty()) {
            auto& first = waiters_.front();
            waiters_.pop_front();
            first.resume_later();
        }
    }

    std::size_t waiting() const noexcept { return waiters_.size(); }

private:
    friend class waiter;
    using list = boost::intrusive::list<
        waiter, boost::intrusive::member_hook<waiter, boost::intrusive::list_member_hook<>,
                                              &waiter::hook_>>;

    boost::asio::io_context& io_;
    list waiters_;
};

} // namespace secondwind::net
