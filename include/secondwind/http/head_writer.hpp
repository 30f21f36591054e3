// Renders the heads that go out, from the heads that came in.
#pragma once

#include <secondwind/http/request_check.hpp>
#include <secondwind/http/response_head.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::http {

// The body that will follow a request, in our own framing: the framing fields of a client never
// reach a host.
struct outgoing_body {
    http::framing framing = framing::none; // none, length or chunked
    std::uint64_t length = 0;
};

// Changes to a request's head beyond those that every head needs. By default there are none.
struct request_edit {
    std::string_view host{};       // replaces the value of the Host field; empty: unchanged
    std::string_view no_host{};    // the Host field's value where the request has none
    bool drop_credentials = false; // Authorization and X-Api-Key
    bool drop_host_choice = false; // X-Secondwind-Host
    std::string_view extra{};      // whole field lines with their CRLF, appended after the fields
};

// Appends the request's head as it goes to a host: same method and target, our own version (RFC
// 9110 section 2.5), whatever the client's; its fields in order with their case, without the
// hop-by-hop ones and those that Connection names (RFC 9110 section 7.6.1; end-to-end necessities
// such as Host, Content-Length, Authorization, Cookie and Content-Type cannot be named away),
// without Expect, then our own framing. A websocket upgrade keeps Upgrade and gets "Connection:
// Upgrade".
void render_request(std::string& out, request_head const& head, outgoing_body body,
                    request_edit const& edit = {});

// What the answer's head says about the client's connection.
enum class persistence : std::uint8_t {
    keep,        // HTTP/1.1: no field
    keep_http10, // "Connection: keep-alive", which a persistent HTTP/1.0 client needs
    close        // "Connection: close"
};

// Appends the answer's head as it goes to the client: its status line (in our own version, RFC 9110
// section 2.5, with the reason as it came), its fields in order without the hop-by-hop ones;
// Transfer-Encoding stays, because the body is relayed in its original framing. Equal lengths
// become one; a 1xx or 204 must have neither of the framing fields, so both are dropped. A client
// of HTTP/1.0 gets no Transfer-Encoding (RFC 9112 section 6.1): the body must be sent to it without
// chunks. `extra` is appended as it is: whole field lines with their CRLF, or empty.
void render_response(std::string& out, response_head const& head, persistence connection,
                     std::string_view extra = {}, version client = version::http11);

// Appends the head of a 101 as it goes to the client: hop-by-hop fields other than Upgrade and
// Connection are dropped.
void render_switching(std::string& out, response_head const& head);

} // namespace secondwind::http
