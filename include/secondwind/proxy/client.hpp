// The connection of a client.
#pragma once

#include <secondwind/net/stream.hpp>

#include <coroutine>
#include <cstddef>
#include <string>

namespace secondwind::proxy {

// One wait for readability is outstanding for as long as anybody wants to know: a session that
// awaits a request, or a watcher that wants to hear when the client has gone. It is the same wait,
// so a healthy request pays for it once.
class client {
public:
    // Told, from the event loop, that the client closed or reset its connection (a half-close
    // counts: nobody is waiting for the answer that one could send).
    class watcher {
    public:
        virtual void on_client_gone() = 0;

    protected:
        ~watcher() = default;
    };

    explicit client(net::stream s) noexcept : socket_{std::move(s)} {}
    client(client const&) = delete;
    client& operator=(client const&) = delete;

    net::stream& socket() noexcept { return socket_; }

    // Where it connects from; 0.0.0.0 where it has left already.
    net::asio::ip::address address() noexcept {
        net::error_code ec;
        return socket_.tcp().remote_endpoint(ec).address();
    }

    // Bytes that came from the client and were not used yet.
    std::string& unread() noexcept { return unread_; }

    // Awaits bytes, an end, an error or wake().
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

    // Ends a readable() with an error, from outside.
    void wake() noexcept;

    // What comes while somebody watches is kept, up to so many unread bytes; then watching ends,
    // because an end behind unread bytes cannot be seen.
    void watch(watcher& w, std::size_t most_unread);
    void unwatch() noexcept { watcher_ = nullptr; }
    bool gone() const noexcept { return gone_; }

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
    std::string unread_;
    std::size_t most_unread_ = 0;
    std::coroutine_handle<> waiting_;
    watcher* watcher_ = nullptr;
    net::error_code wait_result_;
    bool armed_ = false;
    bool gone_ = false;
};

} // namespace secondwind::proxy
