#include "send_reply.hpp"
#include <secondwind/base/log.hpp>
#include <secondwind/proxy/session.hpp>

#include <exception>
#include <memory>

namespace secondwind::proxy {

namespace {

// How long a client that was sent a last answer may take to read it and close.
constexpr std::chrono::milliseconds linger_time{2000};

// How long a drain waits for the first request of a client that has connected. Who connects for a
// request sends it at once; the others have connected ahead, and try again elsewhere.
constexpr std::chrono::milliseconds last_call{1000};

} // namespace

session::session(context& shared, net::stream s, listener_ptr from)
    : shared_{shared}, client_{std::move(s), shared.deadlines}, listener_{std::move(from)} {}

net::task<void> session::run(bool turned_away) {
    try {
        auto const timeout = turned_away ? linger_time : shared_.settings.timeouts.request_head;
        bool const open = co_await shake_hands(timeout);
        if (open && turned_away)
            co_await turn_away();
        else if (open)
            co_await serve_all();
        if (farewell_)
            co_await linger();
    } catch (std::exception const& e) {
        // A fault of ours ends this session and no other.
        log::write(log::level::error, "session_failed", {{"what", e.what()}});
    }
    exchange_ = nullptr;
    idle_ = nullptr;
    client_.close();
    // The outstanding wait refers to this object, and ends now that the socket is closed.
    if (client_.armed())
        co_await client_.closed();
}

net::task<void> session::turn_away() {
    request const nothing{shared_.budget, 0};
    http::refusal const full{503, "connections",
                             "Too many connections are open (limits.connections); try again soon."};
    co_await refuse(nothing, full, 1);
}

net::task<void> session::serve_all() {
    bool open = true;
    while (open && (owed_ || !closing_) && !client_.gone()) {
        if (client_.unread().empty()) {
            std::string{}.swap(client_.unread());
            if (shared_.draining && !owed_)
                break;
            net::scoped_deadline idle{client_.slot(), "client_idle",
                                      shared_.draining ? last_call
                                                       : shared_.settings.timeouts.client_idle,
                                      [this] { client_.stop_waiting(); }};
            idle_ = &idle;
            auto const ec = co_await client_.readable();
            idle_ = nullptr;
            if (ec || (closing_ && !owed_))
                break;
        }
        owed_ = false;
        open = co_await serve();
    }
}

net::task<bool> session::serve() {
    request what{shared_.budget, shared_.settings.limits.replay_buffer};
    what.from = listener_;
    std::unique_ptr<body_reader> rest;
    auto const read = co_await read_request(what, rest);
    if (!read)
        co_return false;
    exchange serving{shared_, client_, what, rest.get()};
    exchange_ = &serving;
    bool const keep = co_await serving.run();
    exchange_ = nullptr;
    farewell_ = !keep && !client_.gone();
    co_return keep;
}

net::task<void> session::refuse(request const& what, http::refusal why, int retry_after) {
    access_record record;
    record.ending = ending::refused;
    record.detail = why.rule;
    http::reply const reply{why.status, why.rule, why.message, retry_after};
    farewell_ = co_await send_reply(shared_, client_, what, reply, true, record);
    record.write(what, shared_.traffic);
}

net::task<void> session::linger() {
    auto const ec = co_await net::end_sending(client_.socket(), client_.slot(),
                                              shared_.settings.timeouts.write_stall);
    net::scoped_deadline over{client_.slot(), "linger", linger_time,
                              [this] { client_.socket().cancel(); }};
    if (!ec)
        co_await net::drop_input(client_.socket(), shared_.scratch_buffer());
}

void session::drain() {
    closing_ = true;
    if (idle_ == nullptr)
        return;
    owed_ = owed_ || net::probe(client_.socket()) == net::pending_input::data;
    if (owed_)
        idle_->arm(last_call);
    else
        client_.stop_waiting();
}

void session::abort() {
    closing_ = true;
    if (exchange_)
        exchange_->cancel("the server stopped");
    client_.close();
}

} // namespace secondwind::proxy
