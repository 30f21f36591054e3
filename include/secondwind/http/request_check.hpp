// Decides whether a request head may be passed on, and what it says about the body.
#pragma once

#include <secondwind/http/head.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace secondwind::http {

enum class upgrade : std::uint8_t { none, websocket, other };

// A request head, strictly parsed. Every view points into the head's bytes, and `fields` into the
// caller's list.
struct request_head {
    std::string_view method;
    std::string_view target; // origin-form (or "*"), byte for byte as the client wrote it
    // The authority of an absolute-form target, which replaces the Host field (RFC 9112 section
    // 3.2.2); empty for every other form.
    std::string_view authority;
    http::version version = version::http11;
    http::framing framing = framing::none;
    std::uint64_t length = 0;     // of the body, with framing::length
    bool keep_alive = true;       // RFC 9112 section 9.3
    bool expect_continue = false; // only ever on HTTP/1.1 with a body to come
    http::upgrade upgrade = upgrade::none;
    std::span<field const> fields;

    // The target without its query: what is safe to log.
    std::string_view path() const noexcept { return target.substr(0, target.find('?')); }
};

// Reads a whole head (including its empty line, as head_scanner found it) by the rules of RFC 9112
// sections 2, 3, 5, 6 and 9 and RFC 9110 section 7.6.1, each at its strictest: anything that two
// servers could read differently is refused. `fields` is cleared and filled; it is the caller's so
// that one list serves every request of a thread.
//
// Nothing is normalised unless it must be. Host is required on 1.1, once, in the form host[:port].
// Content-Length and Transfer-Encoding never come together; the only coding is one "chunked"
// (another well-formed one is 501); equal repeated lengths are refused. CONNECT is refused. An
// unknown Expect is 417. A well-formed version other than 1.0 and 1.x is 505.
boost::system::result<request_head, refusal>
check_request(std::string_view head, head_limits const& limits, field_list& fields);

} // namespace secondwind::http
