#include "tls_bio.hpp"

#include <openssl/bio.h>

#include <sys/socket.h>

#include <cstdint>

namespace secondwind::net {

namespace {

#ifdef MSG_NOSIGNAL
constexpr int no_signal = MSG_NOSIGNAL;
#else
constexpr int no_signal = 0; // Asio sets SO_NOSIGPIPE there
#endif

int descriptor_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int read_socket(BIO* bio, char* into, int size) {
    auto const n = ::recv(descriptor_of(bio), into, static_cast<std::size_t>(size), 0);
    BIO_clear_retry_flags(bio);
    if (n < 0 && BIO_sock_should_retry(-1) != 0)
        BIO_set_retry_read(bio);
    return static_cast<int>(n);
}

int write_socket(BIO* bio, char const* from, int size) {
    auto const n = ::send(descriptor_of(bio), from, static_cast<std::size_t>(size), no_signal);
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

BIO* make_socket_bio(int descriptor) {
    static BIO_METHOD* const method = make_method();
    auto* const bio = BIO_new(method);
    if (bio != nullptr) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): OpenSSL only keeps a pointer for us
        BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
        BIO_set_init(bio, 1);
    }
    return bio;
}

} // namespace secondwind::net
