// The answers that secondwind itself gives, in the form that the client's SDK understands.
#pragma once

#include <secondwind/http/head.hpp>

#include <string>
#include <string_view>

namespace secondwind::http {

struct reply {
    int status;               // 400, 401, 408, 413, 414, 417, 429, 431, 501, 502, 503, 504, 505
    std::string_view code;    // machine-readable, as "host_down" or a refusal's rule
    std::string_view message; // what was wrong and what to do
    int retry_after = 0;      // seconds; 0: no Retry-After field
};

// A whole HTTP/1.1 answer with a JSON body: {"error":{"message","type","code"}} in OpenAI's shape,
// {"type":"error","error":{"type","message"}} in Anthropic's where `path` is /v1/messages or below
// it. `type` is "invalid_request_error" for 4xx and "api_error" for 5xx; Anthropic has special
// types for 401 and 429. A 401 asks for a bearer token (RFC 6750). With `close` the answer says
// "Connection: close"; with `head_only` (an answer to HEAD) the body is left out. `extra` is whole
// field lines with their CRLF, or empty.
std::string render_reply(reply const& reply, std::string_view path, bool close,
                         bool head_only = false, std::string_view extra = {});

// The same for the client of an event stream whose head it has had: the last event of the stream,
// which SDKs raise as an error. `event: error` tells it apart where the vendor's streams name their
// events.
std::string render_error_event(reply const& reply, std::string_view path);
// The event for a JSON body, which is in one line.
std::string event_of_error(std::string_view body, std::string_view path);

// "Bad Gateway" for 502, and so on; "Unknown" for a code that we never send.
std::string_view reason_phrase(int status) noexcept;

} // namespace secondwind::http
