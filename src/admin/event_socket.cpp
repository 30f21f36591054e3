#include "event_socket.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <utility>

namespace secondwind::admin {

namespace websocket = boost::beast::websocket;

namespace {

// A client has nothing to tell.
constexpr std::size_t longest_message = 4096;

// Makes one of Beast's completions with a size one of ours.
template<class Handler>
auto without_size(Handler handler) {
    return [h = std::move(handler)](net::error_code ec, std::size_t) mutable { h(ec); };
}

} // namespace

event_socket::event_socket(context& shared, net::stream& over)
    : events_{shared.live}, within_{shared.within}, socket_{over}, stream_{over},
      limit_{shared.what.deadlines, "admin_goodbye", *this}, read_{shared.what.io} {
    next_ = events_.ring().newest() + 1;
}

net::task<void> event_socket::run(upgrade asked, bookmark where) {
    // It counts from now on, so that no more come than may.
    events_.join(*this);
    bool const open = co_await shake_hands(std::move(asked));
    if (open) {
        auto first = events_.greet(where.run, where.after);
        next_ = first.next;
        reading_ = true;
        net::spawn(watch());
        bool const greeted = co_await send(std::move(first.message));
        gone_ = gone_ || !greeted;
        co_await tell();
    }
    events_.leave(*this);
    if (open && !gone_)
        co_await say_goodbye();
    net::close_quietly(socket_);
    while (reading_) {
        net::gate::waiter until{read_};
        co_await until;
    }
}

net::task<bool> event_socket::shake_hands(upgrade asked) {
    stream_.set_option(websocket::stream_base::timeout{within_.head, within_.silence, true});
    stream_.set_option(websocket::stream_base::decorator{[](websocket::response_type& r) {
        r.set(boost::beast::http::field::cache_control, "no-store");
        r.set(boost::beast::http::field::server, "secondwind"); // or Beast names itself
    }});
    stream_.read_message_max(longest_message);
    // One message is one frame, written from where it lies.
    stream_.auto_fragment(false);
    net::completion shaking{[&](auto handler) { stream_.async_accept(asked, std::move(handler)); }};
    auto const ec = co_await shaking;
    co_return !ec;
}

net::task<void> event_socket::tell() {
    while (!gone_ && !slow_ && !stopping_) {
        auto message = events_.ring().at(next_);
        if (!message) {
            co_await await_news();
            continue;
        }
        ++next_;
        bool const sent = co_await send(std::move(message));
        gone_ = gone_ || !sent;
    }
}

net::task<bool> event_socket::send(event_ring::text message) {
    net::completion writing{[&](auto handler) {
        stream_.async_write(net::asio::buffer(*message), without_size(std::move(handler)));
    }};
    auto const ec = co_await writing;
    co_return !ec;
}

net::task<void> event_socket::await_news() {
    net::gate::waiter until{events_.news()};
    waiting_ = &until;
    co_await until;
    waiting_ = nullptr;
}

net::task<void> event_socket::say_goodbye() {
    if (!slow_)
        limit_.after(within_.closing);
    websocket::close_reason const why =
        slow_ ? websocket::close_reason{websocket::close_code::policy_error,
                                        "too slow: events were lost"}
              : websocket::close_reason{websocket::close_code::going_away, "the server stops"};
    net::completion closing{[&](auto handler) { stream_.async_close(why, std::move(handler)); }};
    co_await closing;
}

// Whatever it says is read, because a close or a pong may be behind it. Once this ends nothing can
// be told any more either, and a write that waits is let go.
net::task<void> event_socket::watch() {
    boost::beast::flat_buffer said;
    net::error_code ec;
    while (!ec) {
        net::completion reading{
            [&](auto handler) { stream_.async_read(said, without_size(std::move(handler))); }};
        ec = co_await reading;
        said.clear();
    }
    gone_ = true;
    reading_ = false;
    net::close_quietly(socket_);
    wake();
    read_.open();
}

void event_socket::stop() {
    stopping_ = true;
    limit_.after(within_.closing);
    wake();
}

void event_socket::fall_behind() {
    if (!slow_)
        limit_.after(within_.slow);
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
