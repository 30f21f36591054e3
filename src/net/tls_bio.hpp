// How OpenSSL reaches a socket.
#pragma once

#include "native.hpp"

#include <openssl/types.h>

namespace secondwind::net {

// A BIO over a non-blocking socket, which it does not close. OpenSSL's own BIO writes with
// write(2), which raises SIGPIPE if the peer has gone, and a library cannot expect that to be
// ignored. Null if there is not enough memory.
BIO* make_socket_bio(native::handle over);

} // namespace secondwind::net
