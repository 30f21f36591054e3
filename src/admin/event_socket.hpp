// A subscriber to the live events that is connected over a WebSocket.
#pragma once

#include "context.hpp"
#include "gathered_stream.hpp"
#include "socket_queries.hpp"
#include "upgraded.hpp"
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/stream.hpp>
#include <secondwind/net/task.hpp>

#include <boost/beast/websocket/stream.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace secondwind::admin {

// It has no queue of its own: it writes the next events of the ring, or waits for one. What one
// iteration of the event loop has published goes out in one write. One coroutine writes; another
// one reads what the client sends, because that may be a close or a pong.
class event_socket final : public upgraded, public subscriber, net::timer_handler {
public:
    // Both must outlive it.
    event_socket(context& shared, net::stream& socket);

    // Shakes hands and sends events until one side closes. Closes the socket at the end.
    net::task<void> run(upgrade_request request, resume_point resume);
    void stop() override;

private:
    using stream = boost::beast::websocket::stream<gathered_stream&, false>;

    void fall_behind() override;
    void on_timer() override;
    void wake();

    net::task<void> send_events();
    net::task<bool> send_next();
    net::task<bool> send(event_ring::text message);
    net::task<void> wait_for_event();
    net::task<void> close();
    net::task<void> read_until_closed();

    event_hub& events_;
    timeouts const& timeouts_;
    net::stream& socket_;
    gathered_stream gathered_;
    stream stream_;
    net::timer close_timer_;
    net::gate::waiter* waiting_ = nullptr; // for an event
    net::gate reading_ended_;
    bool reading_ = false;
    bool disconnected_ = false;
    bool slow_ = false; // it has lost events
    bool stopping_ = false;
};

} // namespace secondwind::admin
