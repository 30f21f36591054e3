// A request as it goes to a host: as often as it must, always the same bytes.
#pragma once

#include <secondwind/http/request_check.hpp>
#include <secondwind/lmstudio/requested_model.hpp>
#include <secondwind/proxy/listener.hpp>
#include <secondwind/proxy/replay_buffer.hpp>

#include <string>
#include <string_view>

namespace secondwind::proxy {

// Immutable once it is read. `head` is in our own framing; views are made from it on demand.
struct request {
    request(replay_budget& budget, std::uint64_t limit) noexcept : body{budget, limit} {}

    std::string_view method() const noexcept {
        return std::string_view{head}.substr(0, method_size);
    }
    std::string_view target() const noexcept {
        // Empty for a request that was refused before it had one.
        return head.empty() ? std::string_view{}
                            : std::string_view{head}.substr(method_size + 1, target_size);
    }
    std::string_view path() const noexcept { return target().substr(0, target().find('?')); }
    // GET, HEAD and OPTIONS use no model: they need not wait for a recovery.
    bool reads_only() const noexcept {
        return method() == "GET" || method() == "HEAD" || method() == "OPTIONS";
    }
    // May be sent again after a transport error (RFC 9110 section 9.2.2).
    bool idempotent() const noexcept {
        return reads_only() || method() == "PUT" || method() == "DELETE" || method() == "TRACE";
    }

    // "X-Request-Id: ...", as a whole line of a head.
    std::string id_field() const { return "X-Request-Id: " + id + "\r\n"; }
    // The value of an Authorization field that says the same as this request's credentials, for the
    // calls that are made in its name; empty where it has none.
    std::string authorization(http::field_list& scratch) const;

    // Of the host that it goes to; empty where it was refused before it had one.
    std::string_view host_name() const noexcept {
        return host ? std::string_view{host->name()} : std::string_view{};
    }

    host::host_ptr host; // that it goes to
    listener_ptr from;   // where it came in
    std::string head;
    std::size_t method_size = 0;
    std::size_t target_size = 0;
    replay_buffer body;
    // The body is kept whole in `body`. Otherwise what follows the kept part is streamed on from
    // the client, and the request cannot be replayed.
    bool whole = true;
    // Of what is kept in `body`, which must not change any more once this is asked for. That reads
    // the body: only for a recovery or whoever looks at the exchange, never for a healthy one.
    lmstudio::requested_model model;
    http::version version = http::version::http11;
    http::upgrade upgrade = http::upgrade::none;
    bool keep_alive = true; // what the client wants of its connection
    std::string id;         // the client's X-Request-Id, or made
    bool made_id = false;
    std::string client;      // the name of the key that it showed; empty where none is asked for
    std::string address;     // of a client that showed no good key; else empty
    std::string traceparent; // as it came (W3C Trace Context), for the log; mostly empty
};

} // namespace secondwind::proxy
