#include <secondwind/net/tls_session.hpp>

#include "native.hpp"

#include <boost/system/errc.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace secondwind::net {

namespace {

constexpr std::size_t record_size = 16 * 1024; // RFC 8446 section 5.1

error_code system_error_of(int number) noexcept {
    return {number, boost::system::system_category()};
}

// Not an error of the system: Windows has none for it.
error_code protocol_error() noexcept {
    return make_error_code(boost::system::errc::protocol_error);
}

// OpenSSL interprets the result of a call by the error queue of the thread.
void begin_call() noexcept {
    ERR_clear_error();
    native::forget_error();
}

// After SSL_ERROR_SYSCALL or SSL_ERROR_SSL.
error_code error_of_call(int kind) noexcept {
    auto const number = native::last_error();
    auto const cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    ERR_clear_error();
    if (cut || (kind == SSL_ERROR_SYSCALL && number == 0))
        return asio::error::connection_reset;
    return kind == SSL_ERROR_SYSCALL ? system_error_of(number) : protocol_error();
}

std::string_view trust_error(long result) {
    if (result == X509_V_ERR_HOSTNAME_MISMATCH)
        return "hostname mismatch: its certificate is for another name";
    if (result == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return "IP address mismatch: its certificate is not for this address";
    return X509_verify_cert_error_string(result);
}

// OpenSSL recognizes five HTTP methods; for the others it reports a wrong version, as for noise.
bool is_plaintext(int reason) noexcept {
    return reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST ||
           reason == SSL_R_WRONG_VERSION_NUMBER;
}

// Static text, as all texts of OpenSSL are; empty for an error of the system.
std::string_view handshake_error(SSL* ssl, int kind, int number) {
    auto const trust = SSL_get_verify_result(ssl);
    if (trust != X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE)
        return trust_error(trust);
    auto const code = ERR_peek_error();
    auto const reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ||
        (kind == SSL_ERROR_SYSCALL && (number == 0 || number == asio::error::connection_reset)))
        return "the connection was closed";
    if (is_plaintext(reason))
        return "the other side does not speak TLS";
    if (kind == SSL_ERROR_SYSCALL)
        return {};
    auto const* const text = ERR_reason_error_string(code);
    return text != nullptr ? text : "protocol error";
}

} // namespace

void tls_session::destroyer::operator()(ssl_st* s) const noexcept {
    SSL_free(s);
}

std::optional<tls_session::wait_type> tls_session::handshake(error_code& ec) {
    begin_call();
    auto const result = SSL_do_handshake(ssl_.get());
    if (result == 1)
        return std::nullopt;
    auto const number = native::last_error();
    auto const kind = SSL_get_error(ssl_.get(), result);
    if (kind == SSL_ERROR_WANT_READ)
        return asio::socket_base::wait_read;
    if (kind == SSL_ERROR_WANT_WRITE)
        return asio::socket_base::wait_write;
    reason_ = handshake_error(ssl_.get(), kind, number);
    peer_spoke_plaintext_ = is_plaintext(ERR_GET_REASON(ERR_peek_error()));
    ERR_clear_error();
    handshake_error_ = reason_.empty() ? system_error_of(number) : protocol_error();
    ec = handshake_error_;
    return std::nullopt;
}

std::string tls_session::error() const {
    return reason_.empty() && handshake_error_ ? handshake_error_.message() : std::string{reason_};
}

std::size_t tls_session::read(asio::mutable_buffer into, error_code& ec) noexcept {
    ec = {};
    drained_ = false;
    std::size_t total = 0;
    // OpenSSL returns one record at a time.
    while (total < into.size() && !drained_ && !read_error_) {
        auto const left = into + total;
        std::size_t n = 0;
        begin_call();
        auto const result = SSL_read_ex(ssl_.get(), left.data(), left.size(), &n);
        if (result == 1)
            total += n;
        else
            note_read_failure(result);
    }
    if (total == 0 && into.size() != 0)
        ec = read_error_ ? read_error_ : error_code{asio::error::would_block};
    return total;
}

void tls_session::note_read_failure(int result) noexcept {
    auto const kind = SSL_get_error(ssl_.get(), result);
    drained_ = kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE;
    read_wait_ =
        kind == SSL_ERROR_WANT_WRITE ? asio::socket_base::wait_write : asio::socket_base::wait_read;
    if (kind == SSL_ERROR_ZERO_RETURN)
        read_error_ = asio::error::eof;
    else if (!drained_)
        read_error_ = error_of_call(kind);
}

bool tls_session::look_for_data() noexcept {
    if (read_error_)
        return true;
    char byte = 0;
    std::size_t n = 0;
    begin_call();
    auto const result = SSL_peek_ex(ssl_.get(), &byte, 1, &n);
    drained_ = false;
    if (result != 1)
        note_read_failure(result);
    return !drained_;
}

pending_input tls_session::probe() noexcept {
    if (!look_for_data())
        return pending_input::none;
    return read_error_ ? pending_input::closed : pending_input::data;
}

std::size_t tls_session::write(gathered const& from, error_code& ec) noexcept {
    ec = {};
    asio::const_buffer bytes;
    bool several = false;
    for (auto const& each : from) {
        several = several || (bytes.size() != 0 && each.size() != 0);
        if (bytes.size() == 0)
            bytes = each;
    }
    if (bytes.size() == 0)
        return 0;
    std::array<char, record_size> joined;
    if (several && bytes.size() < record_size)
        bytes = asio::buffer(joined, asio::buffer_copy(asio::buffer(joined), from));
    std::size_t n = 0;
    begin_call();
    auto const result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n);
    if (result == 1)
        return n;
    auto const kind = SSL_get_error(ssl_.get(), result);
    if (kind == SSL_ERROR_WANT_WRITE || kind == SSL_ERROR_WANT_READ)
        ec = asio::error::would_block;
    else
        ec = error_of_call(kind);
    return 0;
}

bool tls_session::send_close_notify() noexcept {
    if (sent_close_notify_ || SSL_is_init_finished(ssl_.get()) == 0)
        return true;
    begin_call();
    auto const result = SSL_shutdown(ssl_.get());
    sent_close_notify_ = result >= 0 || SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
    return sent_close_notify_;
}

} // namespace secondwind::net
