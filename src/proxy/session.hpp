// One client connection and the requests that come on it, one after another.
#pragma once

#include "client.hpp"
#include "exchange.hpp"
#include "request.hpp"
#include <secondwind/http/head.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/proxy/listener.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>

namespace secondwind::proxy {

// Reads a request, lets an exchange serve it, and begins again. What a request needs lives only as
// long as the request; an idle session is this object and one small frame.
class session final : idle_client {
public:
    // Has it from the beginning of run() on.
    class owner {
    public:
        // Its connection is closed, and it does nothing more: it may be destroyed.
        virtual void ended(session& one) noexcept = 0;

    protected:
        ~owner() = default;
    };

    // All must outlive it.
    session(context& shared, owner& has_it, net::stream stream, listener_ptr listener);

    // Until the connection is closed. `turned_away`: it only answers 503, because
    // limits.connections is reached. Throws only if there is not enough memory to begin.
    net::detached run(bool turned_away);

    // Closes as soon as no request is being served, nor has arrived, nor can be on its way because
    // the client has just connected for it.
    void drain();
    // Closes now.
    void abort();

    boost::intrusive::list_member_hook<> hook; // in the server's list

private:
    bool give_way(std::chrono::steady_clock::time_point now) override;
    net::task<bool> greet(bool turned_away);
    net::task<bool> shake_hands(bool turned_away);
    net::task<void> turn_away();
    bool may_serve() noexcept;
    std::chrono::milliseconds patience() const;
    void begin_idling(net::deadline& idle);
    void end_idling() noexcept;
    net::task<bool> serve();
    net::task<void> refuse(request const& request, http::refusal const& refusal,
                           int retry_after = 0);
    net::task<void> refuse_connection(http::refusal refusal, int retry_after = 0);
    void note_departure(request const& request, telemetry::phase phase, std::uint64_t body_bytes);
    net::task<void> linger();

    context& shared_;
    owner& owner_;
    client client_;
    listener_ptr listener_;
    exchange* exchange_ = nullptr;  // the one that runs
    net::deadline* idle_ = nullptr; // while nothing of a request has come
    std::chrono::steady_clock::time_point connected_;
    bool served_ = false; // a request
    bool owed_ = true;    // a request that may be on its way is served, even if the server drains
    bool closing_ = false;
    bool farewell_ = false; // a last answer was sent that the client may still be reading
};

} // namespace secondwind::proxy
