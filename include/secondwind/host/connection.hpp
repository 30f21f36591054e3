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

// Connected or not yet. The wait for what the host says is armed once for each time that it speaks,
// and serves whoever awaits it then: nobody, while the connection is idle; so an idle one that
// speaks or closes is noticed, and the next answer is awaited without another system call.
//
// That wait may outlive the lease of the connection, so it is counted who refers to it.
class connection final
    : public boost::intrusive_ref_counter<connection, boost::thread_unsafe_counter> {
public:
    explicit connection(net::executor const& ex) : socket{ex} {}

    // Hears of bytes, an end or an error that nobody awaits.
    class listener {
    public:
        virtual void on_speech() = 0;

    protected:
        ~listener() = default;
    };

    // Awaits bytes, an end or an error to read. It holds no buffer while it waits.
    class [[nodiscard]] readability {
    public:
        explicit readability(connection& c) noexcept : connection_{c} {}
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> self) {
            connection_.waiting_ = self;
            connection_.listen();
        }
        net::error_code await_resume() const noexcept { return connection_.wait_result_; }

    private:
        connection& connection_;
    };
    readability readable() noexcept { return readability{*this}; }

    // Listens from now on, if it does not yet.
    void listen(listener* who = nullptr);
    void forget(listener const& who) noexcept {
        if (listener_ == &who)
            listener_ = nullptr;
    }
    // The host has spoken or closed since listen(), and nobody awaited it.
    bool spoke() const noexcept { return spoke_; }

    // Ends whatever waits on it with an error, from any phase.
    void cancel() noexcept {
        cancelled = true;
        if (resolving != nullptr)
            resolving->cancel();
        net::close_quietly(socket);
    }

    // Closes it; nobody awaits it any longer, and no list holds it.
    void drop() noexcept {
        waiting_ = nullptr;
        listener_ = nullptr;
        lent.unlink();
        net::close_quietly(socket);
    }

    net::stream socket;
    net::gate::waiter* resolving = nullptr; // while the host's name is looked up for it
    bool reused = false;                    // has served a request before
    bool cancelled = false;
    std::chrono::steady_clock::time_point idle_since; // where it is reused

    using lent_hook = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    lent_hook lent; // in the pool's list while it is leased

private:
    void on_ready(net::error_code ec);

    std::coroutine_handle<> waiting_;
    listener* listener_ = nullptr;
    net::error_code wait_result_;
    bool armed_ = false;
    bool spoke_ = false;
};

// Dropping it closes the connection, whoever else still refers to it.
struct connection_closer {
    void operator()(connection* c) const noexcept {
        c->drop();
        intrusive_ptr_release(c);
    }
};
using connection_ptr = std::unique_ptr<connection, connection_closer>;
connection_ptr make_connection(net::executor const& ex);

} // namespace secondwind::host
