// How OpenSSL reaches a socket.
#pragma once

#include <openssl/types.h>

namespace secondwind::net {

// A BIO over a non-blocking socket, which it does not close. OpenSSL's own writes with write(2),
// and a peer that has gone then raises SIGPIPE, which a library cannot expect to be ignored. Null
// where there is no memory.
BIO* make_socket_bio(int descriptor);

} // namespace secondwind::net
