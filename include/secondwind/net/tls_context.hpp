// Certificates, keys and whom to trust: what TLS connections of one kind share.
#pragma once

#include <secondwind/net/socket.hpp>
#include <secondwind/net/tls_session.hpp>

#include <memory>
#include <stdexcept>
#include <string>

struct ssl_ctx_st; // OpenSSL's SSL_CTX

namespace secondwind::net {

// Files that TLS cannot be spoken with. what() is a whole sentence that names the file.
class tls_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class tls_context;
using tls_context_ptr = std::shared_ptr<tls_context const>;

// TLS 1.2 and 1.3, HTTP/1.1 by ALPN (RFC 7301), OpenSSL's own choice of ciphers. Files are read
// when it is made, and throw tls_error; it never changes afterwards. A session outlives its context
// where it must: a context is replaced while connections of the old one go on.
class tls_context {
public:
    // A listener's: the PEM file of its chain, its own certificate first, and that of its key; null
    // where no file is named. What works but should not be left so, an expired certificate or a key
    // that everybody may read, is a line in the log.
    static tls_context_ptr for_listener(std::string const& certificate_file,
                                        std::string const& key_file);

    // For connections to `host`, a name or a numeric address. `ca_file` is PEM with who may vouch
    // for it, or with its own certificate; empty: whom the system trusts (and SSL_CERT_FILE and
    // SSL_CERT_DIR name). Without `verify` it may be anybody.
    static tls_context_ptr for_host(std::string const& host, std::string const& ca_file,
                                    bool verify);

    // For connections to whoever shows the first certificate of this PEM file, whatever its names
    // and dates are.
    static tls_context_ptr for_certificate(std::string const& certificate_file);

    // A new session over a connected, non-blocking socket; its handshake is still to be made.
    std::unique_ptr<tls_session> session(socket& over) const;

private:
    struct destroyer {
        void operator()(ssl_ctx_st* c) const noexcept;
    };
    explicit tls_context(bool serves);
    static std::shared_ptr<tls_context> for_peers();

    std::unique_ptr<ssl_ctx_st, destroyer> context_;
    std::string name_; // the host's; empty: it has none to ask for
    bool name_is_address_ = false;
    bool serves_;
};

} // namespace secondwind::net
