// One client connection and the requests that come on it, one after another.
#pragma once

#include <secondwind/http/head_scanner.hpp>
#include <secondwind/http/request_check.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/body_reader.hpp>
#include <secondwind/proxy/client.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/proxy/exchange.hpp>
#include <secondwind/proxy/listener.hpp>
#include <secondwind/proxy/request.hpp>

#include <boost/intrusive/list.hpp>

#include <memory>
#include <string>

namespace secondwind::proxy {

// Reads a head, checks it, reads the body, lets an exchange serve it, and begins again. What a
// request needs lives only as long as it; an idle session is this object and one small frame.
class session final {
public:
    session(context& shared, net::stream s, listener_ptr from);

    // Until the connection is closed. `turned_away`: it only answers 503, because
    // limits.connections is reached. Throws nothing once it has begun.
    net::task<void> run(bool turned_away);

    // Closes as soon as no request is being served, nor has arrived, nor can be on its way because
    // the client has just connected for it.
    void drain();
    // Closes now.
    void abort();

    boost::intrusive::list_member_hook<> hook; // in the server's list

private:
    net::task<void> serve_all();
    net::task<void> turn_away();
    net::task<bool> shake_hands(std::chrono::milliseconds limit);
    net::task<bool> serve();
    net::task<bool> read_request(request& what, std::unique_ptr<body_reader>& rest);
    enum class arrival : std::uint8_t { head, fault, late, none };
    net::task<arrival> read_head(http::head_scanner& scanner, std::string_view& arrived);
    net::task<bool> read_body(request& what, body_reader& reader, bool expects_continue);
    boost::system::result<host::host_ptr, http::refusal>
    route(http::request_head const& head) const;
    net::task<void> refuse(request const& what, http::refusal why, int retry_after = 0);
    net::task<void> linger();

    context& shared_;
    client client_;
    listener_ptr listener_;         // where it came in
    exchange* exchange_ = nullptr;  // the one that runs
    net::deadline* idle_ = nullptr; // while nothing of a request has come
    bool owed_ = true; // a request that may be on its way is served, even if we drain meanwhile
    bool closing_ = false;
    bool farewell_ = false; // a last answer was sent that the client may still be reading
};

} // namespace secondwind::proxy
