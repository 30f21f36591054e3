#include "tls_bio.hpp"

#include <openssl/bio.h>

#include <cstdint>

namespace secondwind::net {

namespace {

native::handle handle_of(BIO* bio) {
    return static_cast<native::handle>(reinterpret_cast<std::uintptr_t>(BIO_get_data(bio)));
}

int read_socket(BIO* bio, char* into, int size) {
    auto const n = native::receive(handle_of(bio), into, static_cast<std::size_t>(size));
    BIO_clear_retry_flags(bio);
    if (n < 0 && BIO_sock_should_retry(-1) != 0)
        BIO_set_retry_read(bio);
    return static_cast<int>(n);
}

int write_socket(BIO* bio, char const* from, int size) {
    auto const n = native::send(handle_of(bio), from, static_cast<std::size_t>(size));
    BIO_clear_retry_flags(bio);
    if (n < 0 && BIO_sock_should_retry(-1) != 0)
        BIO_set_retry_write(bio);
    return static_cast<int>(n);
}

long control_socket(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_method() {
    auto* const method =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "secondwind socket");
    if (method != nullptr) {
        BIO_meth_set_read(method, read_socket);
        BIO_meth_set_write(method, write_socket);
        BIO_meth_set_ctrl(method, control_socket);
    }
    return method;
}

} // namespace

BIO* make_socket_bio(native::handle over) {
    static BIO_METHOD* const method = make_method();
    auto* const bio = BIO_new(method);
    if (bio != nullptr) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): OpenSSL only keeps a pointer for us
        BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::uintptr_t>(over)));
        BIO_set_init(bio, 1);
    }
    return bio;
}

} // namespace secondwind::net
