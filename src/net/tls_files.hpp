// The PEM files of a TLS context.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

namespace secondwind::net {

struct certificate_destroyer {
    void operator()(X509* c) const noexcept;
};
using certificate_ptr = std::unique_ptr<X509, certificate_destroyer>;

// All of them throw tls_error, whose text names the file.

// `content` says what it contains, for the error text.
void require_readable(std::string const& path, std::string const& content);
// The first one in the file.
certificate_ptr read_certificate(std::string const& path);
// The chain.
void load_certificate(SSL_CTX* into, std::string const& path);
// The key, which must belong to the certificate if one is loaded; `certificate_file` is its file.
void load_key(SSL_CTX* into, std::string const& path, std::string const& certificate_file);
// Logs warnings about what is loaded: see tls_context::for_listener().
void warn_of_identity(SSL_CTX const* loaded, std::string const& certificate_file,
                      std::string const& key_file);

// Why OpenSSL's last call failed: a clause.
std::string tls_reason();

} // namespace secondwind::net
