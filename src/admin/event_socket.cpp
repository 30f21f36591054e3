#include "event_socket.hpp"

#include "websocket_accept.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <utility>

namespace secondwind::admin {

namespace websocket = boost::beast::websocket;

namespace {

// Clients have nothing to send.
constexpr std::size_t largest_message = 4096;

// Events are written together up to this size.
constexpr std::size_t most_gathered = 64 * 1024;

} // namespace

event_socket::event_socket(context& shared, net::stream& socket)
    : events_{shared.events}, timeouts_{shared.timeouts}, socket_{socket}, gathered_{socket},
      stream_{gathered_}, close_timer_{shared.sources.deadlines, "admin_close", *this},
      reading_ended_{shared.sources.io} {
    next_ = events_.ring().newest() + 1;
}

net::task<void> event_socket::run(upgrade_request request, resume_point resume) {
    // Counted from now on, so that handshakes cannot exceed the limit either.
    events_.join(*this);
    // One message is one frame, which is written without a copy.
    stream_.auto_fragment(false);
    bool const open =
        co_await accept_websocket(stream_, std::move(request), timeouts_, largest_message);
    if (open) {
        auto start = events_.start_for(resume.run, resume.after);
        next_ = start.next;
        reading_ = true;
        net::spawn(read_until_closed());
        bool const sent = co_await send(std::move(start.message));
        disconnected_ = disconnected_ || !sent;
        co_await send_events();
    }
    events_.leave(*this);
    if (open && !disconnected_)
        co_await close();
    net::close_quietly(socket_);
    while (reading_) {
        net::gate::waiter until{reading_ended_};
        co_await until;
    }
}

net::task<void> event_socket::send_events() {
    while (!disconnected_ && !slow_ && !stopping_) {
        if (!events_.ring().at(next_)) {
            co_await wait_for_event();
            continue;
        }
        // A single event, perhaps a large one, is written without a copy.
        if (next_ < events_.ring().newest())
            gathered_.gather();
        bool sent = co_await send_next();
        while (sent && gathered_.gathers() && gathered_.gathered() < most_gathered &&
               events_.ring().at(next_))
            sent = co_await send_next();
        net::error_code ec;
        if (gathered_.gathers())
            ec = co_await gathered_.flush();
        disconnected_ = disconnected_ || !sent || ec;
    }
}

net::task<bool> event_socket::send_next() {
    auto message = events_.ring().at(next_);
    ++next_;
    bool const sent = co_await send(std::move(message));
    co_return sent;
}

net::task<bool> event_socket::send(event_ring::text message) {
    net::completion writing{[&](auto handler) {
        stream_.async_write(net::asio::buffer(*message), without_size(std::move(handler)));
    }};
    auto const ec = co_await writing;
    co_return !ec;
}

net::task<void> event_socket::wait_for_event() {
    net::gate::waiter until{events_.published()};
    waiting_ = &until;
    co_await until;
    waiting_ = nullptr;
}

net::task<void> event_socket::close() {
    if (!slow_)
        close_timer_.after(timeouts_.closing);
    websocket::close_reason const reason =
        slow_ ? websocket::close_reason{websocket::close_code::policy_error,
                                        "too slow: events were lost"}
              : websocket::close_reason{websocket::close_code::going_away,
                                        "the server is shutting down"};
    net::completion closing{[&](auto handler) { stream_.async_close(reason, std::move(handler)); }};
    co_await closing;
}

// When reading ends, nothing can be sent any more; closing the socket also ends a pending write.
net::task<void> event_socket::read_until_closed() {
    boost::beast::flat_buffer received;
    net::error_code ec;
    while (!ec) {
        net::completion reading{
            [&](auto handler) { stream_.async_read(received, without_size(std::move(handler))); }};
        ec = co_await reading;
        received.clear();
    }
    disconnected_ = true;
    reading_ = false;
    net::close_quietly(socket_);
    wake();
    reading_ended_.open();
}

void event_socket::stop() {
    stopping_ = true;
    close_timer_.after(timeouts_.closing);
    wake();
}

void event_socket::fall_behind() {
    if (!slow_)
        close_timer_.after(timeouts_.slow);
    slow_ = true;
}

void event_socket::on_timer() {
    net::close_with_reset(socket_);
}

void event_socket::wake() {
    if (waiting_ != nullptr)
        waiting_->cancel();
}

} // namespace secondwind::admin
