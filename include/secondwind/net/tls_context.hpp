// The part that TLS connections of one kind share: certificates, keys, trusted CAs.
#pragma once

#include <secondwind/net/socket.hpp>
#include <secondwind/net/tls_session.hpp>

#include <memory>
#include <stdexcept>
#include <string>

struct ssl_ctx_st; // OpenSSL's SSL_CTX

namespace secondwind::net {

// A certificate or key file cannot be used. what() names the file, the reason and the remedy.
class tls_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Why the files of a listener cannot be used: a clause for each, or nothing.
struct identity_faults {
    std::string certificate;
    std::string key;
};

class tls_context;
using tls_context_ptr = std::shared_ptr<tls_context const>;

// TLS 1.2 and 1.3, HTTP/1.1 by ALPN (RFC 7301), OpenSSL's own choice of ciphers. Files are read
// when it is made, and throw tls_error; it never changes afterwards. A session may outlive this
// object: a context can be replaced while connections of the old one continue.
class tls_context {
public:
    // For a listener: the PEM files of its certificate chain, its own certificate first, and of its
    // key; null if no file is named. Logs a warning for an expired certificate, and for a key that
    // every user of the machine can read.
    static tls_context_ptr for_listener(std::string const& certificate_file,
                                        std::string const& key_file);

    // Loads both files as for_listener() does, logs nothing, and reports the faults of both. A file
    // without a name is left out.
    static identity_faults inspect_identity(std::string const& certificate_file,
                                            std::string const& key_file);

    // For connections to `host`, a name or a numeric address. `ca_file` is a PEM file with the CA
    // that signed the host's certificate, or with that certificate itself; empty: the CAs that the
    // system trusts (see SSL_CERT_FILE and SSL_CERT_DIR in OpenSSL). Without `verify`, any
    // certificate is accepted.
    static tls_context_ptr for_host(std::string const& host, std::string const& ca_file,
                                    bool verify);

    // For connections to a server that presents the first certificate of this PEM file; its names
    // and dates are not checked.
    static tls_context_ptr for_certificate(std::string const& certificate_file);

    // A new session over a connected, non-blocking socket, before its handshake.
    std::unique_ptr<tls_session> session(socket& over) const;

private:
    struct destroyer {
        void operator()(ssl_ctx_st* c) const noexcept;
    };
    explicit tls_context(bool serves);
    static std::shared_ptr<tls_context> for_peers();

    std::unique_ptr<ssl_ctx_st, destroyer> context_;
    std::string name_; // the host's, to be verified and sent as SNI; empty: none
    bool name_is_address_ = false;
    bool serves_;
};

} // namespace secondwind::net
