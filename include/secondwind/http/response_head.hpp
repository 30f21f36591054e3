// Reads the head of an answer from a host.
#pragma once

#include <secondwind/http/head.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace secondwind::http {

// Views point into the head's bytes; `fields` into the caller's list.
struct response_head {
    http::version version = version::http11;
    int status = 0;
    std::string_view reason; // may be empty
    http::framing framing = framing::none;
    std::uint64_t length = 0; // of the body, with framing::length
    bool keep_alive = true;   // the host will serve another request on this connection
    // Seconds from "Keep-Alive: timeout=N"; -1 if there are none.
    int keep_alive_timeout = -1;
    std::string_view content_type;     // without parameters, as written; empty if missing
    std::string_view content_encoding; // empty if missing or "identity"
    std::span<field const> fields;

    bool interim() const noexcept { return status >= 100 && status < 200; }
};

// `request_method` decides whether there is a body at all: an answer to HEAD, a 1xx, a 204 and a
// 304 end with their head, regardless of their fields (RFC 9112 section 6.3). Faults are refusals
// with status 502: both framings, differing or malformed lengths, a malformed status line, an
// unknown or repeated coding, Transfer-Encoding on 1.0, malformed fields.
boost::system::result<response_head, refusal>
check_response(std::string_view head, std::string_view request_method, field_list& fields);

} // namespace secondwind::http
