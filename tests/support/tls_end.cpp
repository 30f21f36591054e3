#include "support/tls_end.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <stdexcept>

namespace secondwind::test {

namespace {

struct context_freer {
    void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
};
using context_ptr = std::unique_ptr<SSL_CTX, context_freer>;

[[noreturn]] void fail(std::string const& problem) {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    throw std::runtime_error{problem + ": " + text.data()};
}

context_ptr make_context(SSL_METHOD const* method, tls_options const& options) {
    context_ptr made{SSL_CTX_new(method)};
    // Any version that a test wants, even old ones.
    SSL_CTX_set_security_level(made.get(), 0);
    SSL_CTX_set_min_proto_version(made.get(), options.oldest);
    SSL_CTX_set_max_proto_version(made.get(), options.newest);
    return made;
}

SSL* make_session(SSL_CTX* context) {
    auto* const made = SSL_new(context);
    SSL_set_bio(made, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    return made;
}

} // namespace

void tls_end::destroyer::operator()(ssl_st* s) const noexcept {
    SSL_free(s);
}

tls_end::tls_end(ssl_st* s) : ssl_{s} {}

tls_end tls_end::client(tls_options options) {
    auto const context = make_context(TLS_client_method(), options);
    if (!options.ca_file.empty()) {
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
        if (SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str()) != 1)
            fail(options.ca_file);
    }
    auto* const made = make_session(context.get());
    SSL_set_connect_state(made);
    if (!options.server_name.empty())
        SSL_set_tlsext_host_name(made, options.server_name.c_str());
    if (!options.protocols.empty())
        SSL_set_alpn_protos(made, reinterpret_cast<unsigned char const*>(options.protocols.data()),
                            static_cast<unsigned>(options.protocols.size()));
    return tls_end{made};
}

tls_end tls_end::server(identity const& identity, tls_options options) {
    auto const context = make_context(TLS_server_method(), options);
    if (SSL_CTX_use_certificate_chain_file(context.get(), identity.certificate_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), identity.key_file.c_str(), SSL_FILETYPE_PEM) !=
            1)
        fail(identity.certificate_file);
    auto* const made = make_session(context.get());
    SSL_set_accept_state(made);
    return tls_end{made};
}

bool tls_end::shake_hands() {
    ERR_clear_error();
    auto const result = SSL_do_handshake(ssl_.get());
    if (result != 1 && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ)
        fail("the handshake failed");
    return result == 1;
}

void tls_end::take(std::string_view sealed) {
    BIO_write(SSL_get_rbio(ssl_.get()), sealed.data(), static_cast<int>(sealed.size()));
}

std::string tls_end::sealed() {
    std::string out;
    std::array<char, 16384> some;
    for (int n; (n = BIO_read(SSL_get_wbio(ssl_.get()), some.data(), some.size())) > 0;)
        out.append(some.data(), static_cast<std::size_t>(n));
    return out;
}

void tls_end::write(std::string_view plain) {
    ERR_clear_error();
    std::size_t written = 0;
    if (!plain.empty() && SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) != 1)
        fail("nothing can be written");
}

std::string tls_end::read() {
    std::string out;
    std::array<char, 16384> some;
    for (;;) {
        ERR_clear_error();
        auto const n = SSL_read(ssl_.get(), some.data(), some.size());
        if (n > 0) {
            out.append(some.data(), static_cast<std::size_t>(n));
            continue;
        }
        auto const kind = SSL_get_error(ssl_.get(), n);
        ended_ = ended_ || kind == SSL_ERROR_ZERO_RETURN;
        if (kind == SSL_ERROR_SSL)
            fail("the bytes are not TLS");
        return out;
    }
}

void tls_end::send_ticket() {
    ERR_clear_error();
    if (SSL_new_session_ticket(ssl_.get()) != 1 || SSL_do_handshake(ssl_.get()) != 1)
        fail("no ticket can be sent");
}

void tls_end::say_goodbye() {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
}

std::string tls_end::protocol() const {
    unsigned char const* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    return {reinterpret_cast<char const*>(chosen), size};
}

std::string tls_end::server_name() const {
    auto const* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? name : "";
}

std::string tls_end::version() const {
    return SSL_get_version(ssl_.get());
}

} // namespace secondwind::test
