// The connection of a client.
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/stream.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// One wait for readability serves both a session that awaits a request and a watcher that must know
// when the client has left. It stays outstanding between them, so a healthy request pays for it
// once.
class client {
public:
    // Called, from the event loop, when the client has closed or reset its connection, or when it
    // was reset because it did not read. A half-close counts: nobody waits for an answer any more.
    class watcher {
    public:
        virtual void on_client_gone() = 0;

    protected:
        ~watcher() = default;
    };

    // The queue must outlive it.
    client(net::stream stream, net::deadline_queue& queue) noexcept
        : socket_{std::move(stream)}, slot_{queue} {}
    client(client const&) = delete;
    client& operator=(client const&) = delete;

    net::stream& socket() noexcept { return socket_; }
    // For the deadline of the wait that its session, or the exchange of that session, is in.
    net::deadline_slot& slot() noexcept { return slot_; }

    // That it connects from; 0.0.0.0 if it has left already.
    net::asio::ip::address address() noexcept {
        net::error_code ec;
        return socket_.tcp().remote_endpoint(ec).address();
    }

    // The other end of it is a connection of this process to a host; nothing until it is known.
    std::optional<bool> is_own;

    // Bytes that have come from the client and were not used yet.
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

    // Ends a readable() that is awaited with operation_aborted, from the event loop. The socket's
    // own wait goes on, for the next readable() or the watcher.
    void stop_waiting();
    // It does not read what is written to it: resets the connection and calls the watcher.
    void stall() noexcept;

    // Bytes that come while it is watched are kept, up to `most_unread`. Then watching ends,
    // because the end of a connection cannot be seen before the bytes that precede it are read.
    void watch(watcher& one, std::size_t most_unread);
    void unwatch() noexcept { watcher_ = nullptr; }
    bool gone() const noexcept { return gone_; }
    bool stalled() const noexcept { return stalled_; }

    void close() noexcept { net::close_quietly(socket_); }
    void reset() noexcept { net::close_with_reset(socket_); }

    // To be awaited last, after close(): the outstanding wait refers to this object.
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

// Writes all bytes to a client, as net::write_all does. A write that takes longer than `stall` ends
// the connection: see client::stall().
class [[nodiscard]] client_write : public net::write_all {
public:
    client_write(client& client, std::chrono::milliseconds stall, std::string_view a,
                 std::string_view b = {}) noexcept
        : net::write_all{client.socket(), client.slot(), stall, a, b}, client_{client} {}

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
