// One end of a TLS connection, over a descriptor that its owner awaits.
#pragma once

#include <secondwind/net/socket.hpp>

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ssl_st; // OpenSSL's SSL

namespace secondwind::net {

// What an idle connection has received.
enum class pending_input { none, data, closed };

// OpenSSL directly over a non-blocking descriptor: each call does what is possible now, and returns
// would_block if it must wait. It must not be used once the descriptor is closed.
//
// An end without a close_notify is an error, connection_reset, and not the end of the data:
// otherwise anyone who can cut the connection could truncate an answer unnoticed (RFC 9112 section
// 9.8, RFC 8446 section 6.1).
class tls_session {
public:
    using wait_type = asio::socket_base::wait_type;
    using gathered = std::array<asio::const_buffer, 4>;

    // Takes ownership of the session.
    explicit tls_session(ssl_st* owned) noexcept : ssl_{owned} {}

    // Continues the handshake. Returns what to await before it is called again; nothing once the
    // handshake is done, or has failed with `ec`; then error() has the reason.
    std::optional<wait_type> handshake(error_code& ec);
    // Why the handshake failed: a clause for logs and error texts.
    std::string error() const;
    // The same as static text; empty if it was an error of the system, which handshake() returned.
    std::string_view reason() const noexcept { return reason_; }
    // It failed because the client did not speak TLS but, usually, plain HTTP.
    bool peer_spoke_plaintext() const noexcept { return peer_spoke_plaintext_; }

    // Reads until `into` is full or nothing more is there. An error that comes after bytes is
    // reported by the next call; eof is the other side's close_notify.
    std::size_t read(asio::mutable_buffer into, error_code& ec) noexcept;

    // Writes one record with as much as fits into it: small buffers share one. After would_block
    // the same bytes must be given again, perhaps with more after them.
    std::size_t write(gathered const& from, error_code& ec) noexcept;

    // Whether a read would return something, as far as is known without a system call.
    bool has_data() noexcept { return read_error_ || (!drained_ && look_for_data()); }
    // Also checks the socket. Consumes records that carry no data, such as session tickets.
    bool look_for_data() noexcept;
    pending_input probe() noexcept;
    // What to await before a read.
    wait_type read_wait() const noexcept { return read_wait_; }

    // Sends close_notify, if the handshake was made. False if it must wait for the descriptor to
    // be writable, and then be called again.
    bool send_close_notify() noexcept;

private:
    struct destroyer {
        void operator()(ssl_st* s) const noexcept;
    };
    void note_read_failure(int result) noexcept;

    std::unique_ptr<ssl_st, destroyer> ssl_;
    std::string_view reason_;
    error_code handshake_error_;
    error_code read_error_;
    wait_type read_wait_ = asio::socket_base::wait_read;
    bool drained_ = false; // the last look at the network found no more
    bool peer_spoke_plaintext_ = false;
    bool sent_close_notify_ = false; // or cannot any more
};

} // namespace secondwind::net
