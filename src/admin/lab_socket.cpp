#include "lab_socket.hpp"

#include "websocket_accept.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <utility>

namespace secondwind::admin {

namespace websocket = boost::beast::websocket;

lab_socket::lab_socket(context& shared, net::stream& socket, host::host_ptr host)
    : timeouts_{shared.timeouts}, socket_{socket}, host_{std::move(host)}, stream_{socket},
      close_timer_{shared.sources.deadlines, "admin_close", *this}, changed_{shared.sources.io},
      reading_ended_{shared.sources.io} {}

net::task<void> lab_socket::run(upgrade_request request) {
    bool const open =
        co_await accept_websocket(stream_, std::move(request), timeouts_, largest_lab_message);
    if (open) {
        reading_ = true;
        net::spawn(read_messages());
        co_await write_messages();
        std::string_view reason = "its connection has ended";
        if (!invalid_.empty())
            reason = "it has sent an invalid message";
        if (stopping_)
            reason = "the admin listener stops";
        host_->recovery.lease.leave(*this, reason);
    }
    // It must be free to be destroyed while this waits for the other side.
    host_.reset();
    if (open && !disconnected_)
        co_await close();
    net::close_quietly(socket_);
    while (reading_) {
        net::gate::waiter until{reading_ended_};
        co_await until;
    }
}

net::task<void> lab_socket::write_messages() {
    while (!disconnected_ && !stopping_ && invalid_.empty()) {
        if (outbox_.empty() && ended_)
            co_return;
        if (outbox_.empty()) {
            net::gate::waiter until{changed_};
            co_await until;
            continue;
        }
        auto const message = std::move(outbox_.front());
        outbox_.pop_front();
        net::completion writing{[&](auto handler) {
            stream_.async_write(net::asio::buffer(message), without_size(std::move(handler)));
        }};
        auto const ec = co_await writing;
        disconnected_ = disconnected_ || ec;
    }
}

net::task<void> lab_socket::read_messages() {
    boost::beast::flat_buffer received;
    for (;;) {
        net::completion reading{
            [&](auto handler) { stream_.async_read(received, without_size(std::move(handler))); }};
        auto const ec = co_await reading;
        if (ec)
            break;
        auto const text = boost::beast::buffers_to_string(received.data());
        received.clear();
        if (!host_ || !invalid_.empty())
            continue;
        lab_message message;
        invalid_ = read_lab_message(text, message);
        if (invalid_.empty())
            hear(std::move(message));
        else
            end();
    }
    disconnected_ = true;
    reading_ = false;
    net::close_quietly(socket_);
    changed_.open();
    reading_ended_.open();
}

void lab_socket::hear(lab_message message) {
    auto& lease = host_->recovery.lease;
    switch (message.word) {
    case lab_word::want:
        lease.want(*this, {message.exclusive, message.quiet});
        break;
    case lab_word::working:
        lease.working(*this, std::move(message.text));
        break;
    case lab_word::loaded:
        lease.loaded(*this, std::move(message.text));
        break;
    case lab_word::unloaded:
        lease.unloaded(*this, message.text);
        break;
    case lab_word::released:
        lease.release(*this);
        break;
    }
}

net::task<void> lab_socket::close() {
    websocket::close_reason reason{websocket::close_code::normal};
    if (!invalid_.empty())
        reason = {websocket::close_code::policy_error, invalid_};
    else if (stopping_)
        reason = {websocket::close_code::going_away, "the server is shutting down"};
    net::completion closing{[&](auto handler) { stream_.async_close(reason, std::move(handler)); }};
    co_await closing;
}

void lab_socket::say(std::string message) {
    outbox_.push_back(std::move(message));
    changed_.open();
}

void lab_socket::granted() {
    say(granted_message());
}

void lab_socket::wanted(std::vector<std::string> const& models) {
    say(wanted_message(models));
}

void lab_socket::ended(std::string_view reason) {
    say(ended_message(reason));
    end();
}

void lab_socket::end() {
    ended_ = true;
    close_timer_.after(timeouts_.closing);
    changed_.open();
}

void lab_socket::stop() {
    stopping_ = true;
    end();
}

void lab_socket::on_timer() {
    net::close_with_reset(socket_);
}

} // namespace secondwind::admin
