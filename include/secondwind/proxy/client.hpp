// The connection of a client.
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/stream.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// One wait for readability is outstanding for as long as anybody wants to know: a session that
// awaits a request, or a watcher that wants to hear when the client has gone. It is the same wait,
// so a healthy request pays for it once.
class client {
public:
    // Told, from the event loop, that the client closed or reset its connection (a half-close
    // counts: nobody is waiting for the answer that one could send), or that it was reset because
    // it did not read.
    class watcher {
    public:
        virtual void on_client_gone() = 0;

    protected:
        ~watcher() = default;
    };

    // The queue must outlive it.
    client(net::stream s, net::deadline_queue& queue) noexcept
        : socket_{std::move(s)}, slot_{queue} {}
    client(client const&) = delete;
    client& operator=(client const&) = delete;

    net::stream& socket() noexcept { return socket_; }
    // For the deadline of what its session, or the exchange that the session runs, waits for now.
    net::deadline_slot& slot() noexcept { return slot_; }

    // Where it connects from; 0.0.0.0 where it has left already.
    net::asio::ip::address address() noexcept {
        net::error_code ec;
        return socket_.tcp().remote_endpoint(ec).address();
    }

    // Bytes that came from the client and were not used yet.
    std::string& unread() noexcept { return unread_; }

    // Awaits bytes, an end, an error or stop_waiting().
    class [[nodiscard]] readability {
    public:
        explicit readability(client& c) noexcept : client_{c} {}
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> self) {
            client_.waiting_ = self;
            client_.arm();
        }
        net::error_code await_resume() const noexcept { return client_.wait_result_; }

    private:
        client& client_;
    };
    readability readable() noexcept { return readability{*this}; }

    // Ends a readable() that is awaited with operation_aborted, a little later. What the socket
    // waits for is left alone: it serves the next readable(), or the watcher.
    void stop_waiting();
    // It does not take what is written to it: resets the connection and tells the watcher.
    void stall() noexcept;

    // What comes while somebody watches is kept, up to so many unread bytes; then watching ends,
    // because an end behind unread bytes cannot be seen.
    void watch(watcher& w, std::size_t most_unread);
    void unwatch() noexcept { watcher_ = nullptr; }
    bool gone() const noexcept { return gone_; }
    bool stalled() const noexcept { return stalled_; }

    void close() noexcept { net::close_quietly(socket_); }
    void reset() noexcept { net::close_with_reset(socket_); }

    // Awaited last, after close(): the outstanding wait refers to this object.
    readability closed() noexcept { return readability{*this}; }
    bool armed() const noexcept { return armed_; }

private:
    void arm();
    void on_ready(net::error_code ec);
    void look();

    net::stream socket_;
    net::deadline_slot slot_;
    std::string unread_;
    std::size_t most_unread_ = 0;
    std::coroutine_handle<> waiting_;
    watcher* watcher_ = nullptr;
    net::error_code wait_result_;
    bool armed_ = false;
    bool gone_ = false;
    bool stalled_ = false;
};

// Writes to a client whole, as net::write_all does. Past `stall` the client is no more: see
// client::stall().
class [[nodiscard]] client_write : public net::write_all {
public:
    client_write(client& to, std::chrono::milliseconds stall, std::string_view a,
                 std::string_view b = {}) noexcept
        : net::write_all{to.socket(), to.slot(), stall, a, b}, client_{to} {}

    net::error_code await_resume() {
        auto const ec = net::write_all::await_resume();
        if (expired())
            client_.stall();
        return ec;
    }

private:
    client& client_;
};

} // namespace secondwind::proxy
