// One connection to a host.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/net/stream.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <chrono>
#include <coroutine>
#include <memory>

namespace secondwind::host {

// Connected or not yet. One wait for input is outstanding, also while the connection is idle and
// nothing awaits it: so input or an end on an idle connection is noticed, and the next answer is
// awaited without another system call.
//
// That wait may outlive the lease of the connection, hence the reference count.
class connection final
    : public boost::intrusive_ref_counter<connection, boost::thread_unsafe_counter> {
public:
    explicit connection(net::executor const& ex) : socket{ex} {}

    // Told of bytes, an end or an error that nothing awaits.
    class observer {
    public:
        virtual void on_input() = 0;

    protected:
        ~observer() = default;
    };

    // Awaits bytes, an end or an error to read. It holds no buffer while it waits.
    class [[nodiscard]] readability {
    public:
        explicit readability(connection& c) noexcept : connection_{c} {}
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> self) {
            connection_.waiting_ = self;
            connection_.watch();
        }
        net::error_code await_resume() const noexcept { return connection_.wait_result_; }

    private:
        connection& connection_;
    };
    readability readable() noexcept { return readability{*this}; }

    // Waits for input from now on, if it does not yet; `one` is called when input comes that
    // nothing awaits.
    void watch(observer* one = nullptr);
    void unwatch(observer const& one) noexcept {
        if (observer_ == &one)
            observer_ = nullptr;
    }
    // Bytes or an end came since watch(), and nothing awaited them.
    bool input_came() const noexcept { return input_came_; }

    // Ends a readable() that is awaited, with would_block: nothing has come. The socket's own wait
    // goes on, for the next one.
    void stop_waiting();

    // Ends every wait on it with an error, in any phase.
    void cancel() noexcept {
        cancelled = true;
        if (resolving != nullptr)
            resolving->cancel();
        net::close_quietly(socket);
    }

    // Closes it and removes it from the pool's list. Nothing may await it any longer.
    void drop() noexcept {
        waiting_ = nullptr;
        observer_ = nullptr;
        lent.unlink();
        net::close_quietly(socket);
    }

    net::stream socket;
    net::gate::waiter* resolving =
        nullptr;         // the lookup of the host's name, while it waits for that
    bool reused = false; // has served a request before
    bool cancelled = false;
    std::chrono::steady_clock::time_point idle_since; // where it is reused

    using lent_hook = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    lent_hook lent; // in the pool's list while it is leased

private:
    void on_ready(net::error_code ec);

    std::coroutine_handle<> waiting_;
    observer* observer_ = nullptr;
    net::error_code wait_result_;
    bool armed_ = false;
    bool input_came_ = false;
};

// Destroying it closes the connection, even if something else still refers to it.
struct connection_closer {
    void operator()(connection* c) const noexcept {
        c->drop();
        intrusive_ptr_release(c);
    }
};
using connection_ptr = std::unique_ptr<connection, connection_closer>;
connection_ptr make_connection(net::executor const& ex);

} // namespace secondwind::host
