// What went wrong between this process and a host.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace secondwind::host {

enum class fault : std::uint8_t {
    none,
    resolve,         // the host's name has no address
    connect,         // refused or unreachable; nothing was sent
    descriptors,     // this process has none left for a connection; nothing was sent
    connect_timeout, // no answer to the connect within timeouts.connect; nothing was sent
    tls,     // connected, but the handshake failed; `detail` or `cause` says why; nothing was sent
    closed,  // the connection ended before the answer did
    timeout, // the host did not answer within the deadline
    malformed, // the answer breaks HTTP; `detail` is the rule
    misfit,    // the answer does not continue the stream that the client has seen begin
    too_large, // the answer is larger than the caller wants
    cancelled  // this side gave up
};
std::string_view to_string(fault f) noexcept;

// `reused` with `closed` and no answer byte is the one failure after which a resend is safe for an
// idempotent method (RFC 9110 section 9.2.2): the host may have closed the idle connection just as
// the request went out.
// It passes through every coroutine of an attempt, so it must be cheap to copy.
struct failure {
    fault kind = fault::none;
    boost::system::error_code cause;
    std::string_view detail;   // static
    bool reused = false;       // the connection had served a request before
    bool answer_began = false; // at least one byte of the answer had come

    explicit operator bool() const noexcept { return kind != fault::none; }
    // The connection was reset rather than closed: what came before is not a whole answer.
    bool reset() const noexcept {
        return kind == fault::closed && cause && cause != boost::asio::error::eof;
    }
    bool resend_safe() const noexcept { return reused && !answer_began && (kind == fault::closed); }
};
static_assert(std::is_trivially_copyable_v<failure>);

// One clause for logs and error texts: "connection refused", "closed the connection before
// answering", ...
std::string describe(failure const& f);

} // namespace secondwind::host
