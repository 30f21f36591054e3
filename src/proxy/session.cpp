#include "session.hpp"
#include "relay.hpp"
#include "request_reader.hpp"
#include <secondwind/base/log.hpp>

#include <exception>
#include <memory>
#include <utility>
#include <variant>

namespace secondwind::proxy {

namespace {

// How long a client may take to read a last answer and close.
constexpr std::chrono::milliseconds linger_time{2000};

// How long a drain waits for the first request of a client that has connected, and after which such
// a client gives way to others. A client that has connected for a request sends it at once; the
// others have connected ahead, and try again elsewhere.
constexpr std::chrono::milliseconds last_call{1000};

} // namespace

session::session(context& shared, owner& has_it, net::stream stream, listener_ptr listener)
    : shared_{shared}, owner_{has_it}, client_{std::move(stream), shared.deadlines},
      listener_{std::move(listener)}, connected_{shared.deadlines.now()} {}

// All of an idle session but its wait is in plain functions: what a coroutine names has a place in
// its frame, and there are thousands of idle sessions.
net::detached session::run(bool turned_away) {
    try {
        bool open = true;
        if (turned_away || client_.socket().tls() != nullptr)
            open = co_await greet(turned_away);
        while (open && may_serve()) {
            if (client_.unread().empty()) {
                net::scoped_deadline idle{client_.slot(), "client_idle", patience(),
                                          [this] { client_.stop_waiting(); }};
                begin_idling(idle);
                auto const ec = co_await client_.readable();
                end_idling();
                if (ec || (closing_ && !owed_))
                    break;
            }
            owed_ = false;
            open = co_await serve();
            served_ = true;
        }
        if (farewell_)
            co_await linger();
    } catch (std::exception const& e) {
        // A bug of ours ends this session and no other.
        log::write(log::level::error, "session_failed", {{"error", e.what()}});
    }
    exchange_ = nullptr;
    idle_ = nullptr;
    client_.close();
    // The outstanding wait refers to this object, and ends now that the socket is closed.
    if (client_.armed())
        co_await client_.closed();
    owner_.ended(*this);
}

// True if requests follow.
net::task<bool> session::greet(bool turned_away) {
    bool open = true;
    if (client_.socket().tls() != nullptr)
        open = co_await shake_hands(turned_away);
    if (open && turned_away)
        co_await turn_away();
    co_return open && !turned_away;
}

// Another request, or the first, is awaited or has begun to come.
bool session::may_serve() noexcept {
    if (client_.gone() || (closing_ && !owed_))
        return false;
    return owed_ || !shared_.draining || !client_.unread().empty();
}

std::chrono::milliseconds session::patience() const {
    auto const& timeouts = shared_.settings->timeouts;
    if (shared_.draining)
        return last_call;
    return served_ ? timeouts.client_idle : timeouts.request_head;
}

void session::begin_idling(net::deadline& idle) {
    std::string{}.swap(client_.unread());
    idle_ = &idle;
    shared_.idle.push_back(*this);
}

void session::end_idling() noexcept {
    idle_client::unlink();
    idle_ = nullptr;
}

// True if the handshake was completed.
net::task<bool> session::shake_hands(bool turned_away) {
    auto* const tls = client_.socket().tls();
    auto const limit = turned_away ? linger_time : shared_.settings->timeouts.request_head;
    // A close ends each further wait as well; the cancellation of a wait may come after its end.
    net::scoped_deadline late{client_.slot(), "tls_handshake", limit, [this] { client_.close(); }};
    idle_ = &late;
    net::completion shaking{
        [this](auto handler) { client_.socket().async_handshake(std::move(handler)); }};
    auto const ec = co_await shaking;
    idle_ = nullptr;
    late.disarm();
    if (!ec || closing_)
        co_return !ec;
    ++shared_.traffic.tls_failures;
    log::write(log::level::debug, "tls_handshake_failed",
               {{"error", late.expired() ? "it took too long" : tls->error()}});
    if (!late.expired() && tls->peer_spoke_plaintext()) {
        client_.socket().forget_tls();
        http::refusal const plain{400, "https_only",
                                  "This port accepts HTTPS only. Use https:// in the address."};
        co_await refuse_connection(plain);
    }
    co_return false;
}

net::task<void> session::turn_away() {
    http::refusal const full{
        503, "connections",
        "Too many clients are connected (limits.connections, or what the file descriptors of this "
        "proxy allow). Try again in a moment."};
    co_await refuse_connection(full, 1);
}

net::task<bool> session::serve() {
    request incoming{shared_.budget, shared_.settings.version()};
    incoming.listener = listener_;
    std::unique_ptr<body_reader> rest;
    // One after the other, in the same memory.
    std::variant<request_reader, exchange> stage{std::in_place_type<request_reader>, shared_,
                                                 client_, incoming};
    auto& reader = std::get<request_reader>(stage);
    auto const read = co_await reader.read();
    if (read == request_reader::result::refused)
        co_await refuse(incoming, reader.refusal(), reader.retry_after());
    if (read == request_reader::result::gone)
        note_departure(incoming, reader.left_in(), reader.body_bytes());
    if (read != request_reader::result::request)
        co_return false;
    rest = reader.take_rest();
    exchange_ = &stage.emplace<exchange>(shared_, client_, incoming, rest.get());
    bool const keep = co_await exchange_->run();
    exchange_ = nullptr;
    farewell_ = !keep && !client_.gone();
    co_return keep;
}

net::task<void> session::refuse(request const& request, http::refusal const& refusal,
                                int retry_after) {
    access_record record;
    record.ending = ending::refused;
    record.detail = refusal.rule;
    record.began -= request.queued;
    http::reply const reply{refusal.status, refusal.rule, refusal.message, retry_after};
    farewell_ = co_await send_reply(client_, request, reply, true, record);
    record.write(request, shared_.traffic, shared_.requests);
}

// Before the client has sent a request that we could read.
net::task<void> session::refuse_connection(http::refusal refusal, int retry_after) {
    request const none{shared_.budget, shared_.settings.version()};
    co_await refuse(none, refusal, retry_after);
}

void session::note_departure(request const& request, telemetry::phase phase,
                             std::uint64_t body_bytes) {
    access_record record;
    record.ending = ending::client_gone;
    record.began -= request.queued;
    record.bytes_in = body_bytes;
    shared_.traffic.client_left(phase);
    record.write(request, shared_.traffic, shared_.requests);
}

net::task<void> session::linger() {
    auto const ec = co_await net::end_sending(client_.socket(), client_.slot(),
                                              shared_.settings->timeouts.write_stall);
    net::scoped_deadline over{client_.slot(), "linger", linger_time, [this] { client_.close(); }};
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

bool session::give_way(std::chrono::steady_clock::time_point now) {
    if (!served_ && now - connected_ < last_call)
        return false;
    if (net::probe(client_.socket()) == net::pending_input::data)
        return false;
    idle_client::unlink();
    client_.stop_waiting();
    return true;
}

void session::abort() {
    closing_ = true;
    if (exchange_)
        exchange_->cancel("the server stopped");
    client_.close();
}

} // namespace secondwind::proxy
