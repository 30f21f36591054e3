#include <secondwind/net/tls_context.hpp>

#include "tls_bio.hpp"
#include "tls_files.hpp"
#include "trust.hpp"

#include <boost/asio/ip/address.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <new>
#include <string_view>

namespace secondwind::net {

namespace {

using namespace std::string_view_literals;

// The format of ALPN: each name after its length (RFC 7301 section 3.1).
constexpr auto offered = "\x08http/1.1"sv;
constexpr auto accepted = "\x08http/1.1\x08http/1.0"sv;

unsigned char const* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<unsigned char const*>(text.data());
}

int choose_protocol(SSL* /*ssl*/, unsigned char const** chosen, unsigned char* size,
                    unsigned char const* theirs, unsigned theirs_size, void* /*unused*/) {
    unsigned char* found = nullptr;
    auto const result =
        SSL_select_next_proto(&found, size, bytes_of(accepted),
                              static_cast<unsigned>(accepted.size()), theirs, theirs_size);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A certificate in the file is trusted even if it is an intermediate one.
void trust_file(SSL_CTX* context, std::string const& path) {
    require_readable(path, "certificate");
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(context, path.c_str()) != 1)
        throw tls_error{"the file \"" + path + "\" does not contain a PEM certificate (" +
                        tls_reason() + ")"};
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
}

} // namespace

void tls_context::destroyer::operator()(ssl_ctx_st* c) const noexcept {
    SSL_CTX_free(c);
}

tls_context::tls_context(bool serves)
    : context_{SSL_CTX_new(serves ? TLS_server_method() : TLS_client_method())}, serves_{serves} {
    if (!context_)
        throw std::bad_alloc{};
    auto* const c = context_.get();
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
    // One read takes a record, its header, and anything else that has arrived.
    SSL_CTX_set_read_ahead(c, 1);
    // Clients keep their sessions themselves, in tickets.
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
}

tls_context_ptr tls_context::for_listener(std::string const& certificate_file,
                                          std::string const& key_file) {
    if (certificate_file.empty())
        return nullptr;
    std::shared_ptr<tls_context> made{new tls_context{true}};
    load_certificate(made->context_.get(), certificate_file);
    load_key(made->context_.get(), key_file, certificate_file);
    warn_of_identity(made->context_.get(), certificate_file, key_file);
    SSL_CTX_set_alpn_select_cb(made->context_.get(), choose_protocol, nullptr);
    return made;
}

identity_faults tls_context::inspect_identity(std::string const& certificate_file,
                                              std::string const& key_file) {
    identity_faults found;
    // Without TLS, OpenSSL need not be initialised, which would double the time of the start.
    if (certificate_file.empty() && key_file.empty())
        return found;
    tls_context const scratch{true};
    try {
        if (!certificate_file.empty())
            load_certificate(scratch.context_.get(), certificate_file);
    } catch (tls_error const& e) {
        found.certificate = e.what();
    }
    try {
        if (!key_file.empty())
            load_key(scratch.context_.get(), key_file, certificate_file);
    } catch (tls_error const& e) {
        found.key = e.what();
    }
    return found;
}

std::shared_ptr<tls_context> tls_context::for_peers() {
    std::shared_ptr<tls_context> made{new tls_context{false}};
    auto* const c = made->context_.get();
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_set_alpn_protos(c, bytes_of(offered), static_cast<unsigned>(offered.size())) != 0)
        throw std::bad_alloc{};
    return made;
}

tls_context_ptr tls_context::for_host(std::string const& host, std::string const& ca_file,
                                      bool verify) {
    auto made = for_peers();
    auto* const c = made->context_.get();
    error_code ec;
    asio::ip::make_address(host, ec);
    made->name_ = host;
    made->name_is_address_ = !ec;
    if (!ca_file.empty())
        trust_file(c, ca_file);
    else if (verify)
        trust_system(c);
    if (!verify) {
        SSL_CTX_set_verify(c, SSL_VERIFY_NONE, nullptr);
        return made;
    }
    auto* const check = SSL_CTX_get0_param(c);
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    auto const taken = made->name_is_address_
                           ? X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str())
                           : X509_VERIFY_PARAM_set1_host(check, host.data(), host.size());
    if (taken != 1)
        throw tls_error{"\"" + host + "\" is not a valid name for a certificate"};
    return made;
}

tls_context_ptr tls_context::for_certificate(std::string const& certificate_file) {
    auto made = for_peers();
    auto* const c = made->context_.get();
    auto const only = read_certificate(certificate_file);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(c), only.get());
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c),
                                X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
    return made;
}

std::unique_ptr<tls_session> tls_context::session(socket& over) const {
    auto* const ssl = SSL_new(context_.get());
    if (ssl == nullptr)
        throw std::bad_alloc{};
    auto made = std::make_unique<tls_session>(ssl);
    auto* const bio = make_socket_bio(over.native_handle());
    if (bio == nullptr)
        throw std::bad_alloc{};
    SSL_set_bio(ssl, bio, bio);
    if (serves_)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    // SNI is for names only, not for addresses (RFC 6066 section 3).
    if (!name_.empty() && !name_is_address_)
        SSL_set_tlsext_host_name(ssl, name_.c_str());
    return made;
}

} // namespace secondwind::net
