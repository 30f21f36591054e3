// One connection's side of TLS, over a descriptor that somebody else awaits.
#pragma once

#include <secondwind/net/socket.hpp>

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

struct ssl_st; // OpenSSL's SSL

namespace secondwind::net {

// What a connection that should be silent has to say, without reading it.
enum class silence { quiet, data, closed };

// OpenSSL straight over a non-blocking descriptor: each call does what can be done now, and says
// would_block where it must wait. It must not be used once the descriptor is closed.
//
// An end without a close_notify is an error, connection_reset, and no end of data: whoever cuts a
// connection could else pass for the one who ended it (RFC 9112 section 9.8, RFC 8446 section 6.1).
class tls_session {
public:
    using wait_type = asio::socket_base::wait_type;
    using gathered = std::array<asio::const_buffer, 4>;

    // Takes the session over.
    explicit tls_session(ssl_st* owned) noexcept : ssl_{owned} {}

    // Goes on with the handshake. Gives what to await before it is called again; nothing once it is
    // done, or has failed with `ec`, and then why() tells more.
    std::optional<wait_type> shake_hands(error_code& ec);
    // Why the handshake failed: a clause for people.
    std::string const& why() const noexcept { return why_; }
    // It failed because the client speaks no TLS: plain HTTP, as a rule.
    bool spoke_no_tls() const noexcept { return spoke_no_tls_; }

    // Reads until `into` is full or nothing more is there. An error that comes behind bytes is told
    // by the next call; eof is the other side's close_notify.
    std::size_t read(asio::mutable_buffer into, error_code& ec) noexcept;

    // Writes one record, of all that fits into it: small buffers share one. After would_block the
    // same bytes must come again, perhaps with more behind them.
    std::size_t write(gathered const& from, error_code& ec) noexcept;

    // Whether a read would find something, as far as is known without asking the network.
    bool has_news() noexcept { return read_error_ || (!drained_ && look()); }
    // Asks the network as well. What is no data, as a session ticket, is taken and no news.
    bool look() noexcept;
    silence probe() noexcept;
    // What to await before a read.
    wait_type read_wait() const noexcept { return read_wait_; }

    // Sends close_notify, if the handshake was made. False if it must wait for the descriptor to
    // be writable, and then be called again.
    bool say_goodbye() noexcept;

private:
    struct destroyer {
        void operator()(ssl_st* s) const noexcept;
    };
    void note_read_failure(int result) noexcept;

    std::unique_ptr<ssl_st, destroyer> ssl_;
    std::string why_;
    error_code read_error_;
    wait_type read_wait_ = asio::socket_base::wait_read;
    bool drained_ = false; // the last look at the network found no more
    bool spoke_no_tls_ = false;
    bool said_goodbye_ = false; // or cannot any more
};

} // namespace secondwind::net
