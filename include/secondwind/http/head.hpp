// The parts that request and answer heads have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::http {

enum class version : std::uint8_t { http10, http11 };

// The names that mean something to a proxy.
enum class field_name : std::uint8_t {
    other,
    // Framing and addressing.
    host,
    content_length,
    transfer_encoding,
    // For this connection alone, RFC 9110 section 7.6.1.
    connection,
    keep_alive,
    proxy_connection,
    proxy_authenticate,
    proxy_authorization,
    te,
    trailer,
    upgrade,
    http2_settings,
    // Between a client and its nearest server.
    expect,
    // Described by their value.
    content_type,
    content_encoding,
    // Authorization and X-Api-Key.
    credentials,
    // For this proxy: X-Secondwind-Host.
    host_choice,
    // For the far end, whatever a Connection field says.
    end_to_end
};

// One field line. Both views point into the head's own bytes; the value has no surrounding
// whitespace (RFC 9112 section 5.1).
struct field {
    std::string_view name;
    std::string_view value;
    field_name meaning = field_name::other; // of the name, in a head that was read
};

// The field lines of the head that was read last. One list serves many heads, so it counts them:
// whoever keeps a view of it sees whether it still holds the lines of its own head.
class field_list : public std::vector<field> {
public:
    void begin_head() noexcept {
        clear();
        ++heads_;
    }
    // How many heads were read into it.
    std::uint64_t heads() const noexcept { return heads_; }

private:
    std::uint64_t heads_ = 0;
};

// How the end of a body is found (RFC 9112 section 6.3).
enum class framing : std::uint8_t { none, length, chunked, until_close };

// Why a message was refused, and the answer that its sender gets.
struct refusal {
    int status; // of the answer: 400, 413, 414, 417, 431, 501, 505; 502 for an answer's fault
    std::string_view rule; // the rule's stable name in logs and error codes, as "bare_lf"; static
    std::string message;   // one sentence that says what was wrong and what to do
};

// Bounds on a head. Bytes are counted with line ends, from the first byte of the start line.
struct head_limits {
    std::size_t head = 64 * 1024;   // bytes of the whole head
    std::size_t fields = 200;       // field lines
    std::size_t target = 16 * 1024; // bytes of the request target
};

// True for the characters that a token may have (RFC 9110 section 5.6.2).
bool is_token(std::string_view text) noexcept;

// The credentials in the value of an Authorization field, if it has that scheme, which is compared
// without case (RFC 9110 section 11.4): "abc" for "Bearer abc" and "bearer". Empty for any other
// scheme.
std::string_view credentials_in(std::string_view authorization, std::string_view scheme) noexcept;

} // namespace secondwind::http
