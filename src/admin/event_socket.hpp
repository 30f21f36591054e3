// One listener to events, over its WebSocket.
#pragma once

#include "context.hpp"
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/stream.hpp>
#include <secondwind/net/task.hpp>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace secondwind::admin {

using upgrade = boost::beast::http::request<boost::beast::http::string_body>;

// What it has read already, if it has been here before.
struct bookmark {
    std::string run{};
    std::optional<std::uint64_t> after{};
};

// It has no queue: it writes what the ring has next, and waits for news where there is nothing. One
// coroutine writes, another reads what the client says, which only matters when it is goodbye.
class event_socket final : public follower, net::timer_handler {
public:
    // All must outlive it.
    event_socket(context& shared, net::stream& over);

    // Shakes hands and tells events until one side goes. The socket is closed then.
    net::task<void> run(upgrade asked, bookmark where);
    // Says that the server goes away, and drops who does not agree in time.
    void stop();

private:
    using stream = boost::beast::websocket::stream<net::stream&, false>;

    void fall_behind() override;
    void on_timer() override;
    void wake();

    net::task<bool> shake_hands(upgrade asked);
    net::task<void> tell();
    net::task<bool> send(event_ring::text message);
    net::task<void> await_news();
    net::task<void> say_goodbye();
    net::task<void> watch();

    events& events_;
    bounds const& within_;
    net::stream& socket_;
    stream stream_;
    net::timer limit_;
    net::gate::waiter* waiting_ = nullptr; // for news
    net::gate read_;                       // opens when nothing is read any more
    bool reading_ = false;
    bool gone_ = false;     // the client is
    bool slow_ = false;     // it has lost events
    bool stopping_ = false; // we are
};

} // namespace secondwind::admin
