#include "../trust.hpp"

#include "../tls_files.hpp"
#include <secondwind/net/tls_context.hpp>

#include <openssl/ssl.h>

namespace secondwind::net {

void trust_system(SSL_CTX* context) {
    if (SSL_CTX_set_default_verify_paths(context) != 1)
        throw tls_error{"the certificates that this system trusts cannot be read: " + tls_reason()};
}

} // namespace secondwind::net
