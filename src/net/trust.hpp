// The certificates that the system trusts.
#pragma once

#include <openssl/types.h>

namespace secondwind::net {

// Throws tls_error if they cannot be read.
void trust_system(SSL_CTX* context);

} // namespace secondwind::net
