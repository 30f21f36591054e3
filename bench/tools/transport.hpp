#pragma once
// The bytes of a connection, plain or over TLS 1.3.

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <memory>
#include <string>

#include "socket.hpp"

namespace bench {

/// The one cipher that is offered, so that all programs are measured with the same.
inline SSL_CTX* tls_context() {
    static SSL_CTX* const one = [] {
        SSL_CTX* made = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
        SSL_CTX_set_ciphersuites(made, "TLS_AES_128_GCM_SHA256");
        SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
        return made;
    }();
    return one;
}

class transport {
public:
    /// A handshake blocks until it is over. The descriptor must outlive this object.
    transport(int fd, bool tls) : fd_(fd) {
        if (!tls) {
            return;
        }
        ssl_.reset(SSL_new(tls_context()));
        SSL_set_fd(ssl_.get(), fd);
        const int flags = fcntl(fd, F_GETFL);
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
        if (SSL_connect(ssl_.get()) != 1) {
            give_up("a TLS handshake failed");
        }
        fcntl(fd, F_SETFL, flags);
    }

    /// As recv() and send(): -1 with EAGAIN where nothing can be done now. A short read means that
    /// no more bytes are there.
    ssize_t read(char* into, std::size_t size) {
        if (!ssl_) {
            return recv(fd_, into, size, 0);
        }
        std::size_t total = 0;
        while (total < size) {
            std::size_t n = 0;
            const int result = SSL_read_ex(ssl_.get(), into + total, size - total, &n);
            total += n;
            if (result != 1) {
                return total > 0 ? static_cast<ssize_t>(total) : failed(result);
            }
        }
        return static_cast<ssize_t>(total);
    }
    ssize_t write(const char* from, std::size_t size) {
        if (!ssl_) {
            return send(fd_, from, size, MSG_NOSIGNAL);
        }
        std::size_t n = 0;
        const int result = SSL_write_ex(ssl_.get(), from, size, &n);
        return result == 1 ? static_cast<ssize_t>(n) : failed(result);
    }

private:
    ssize_t failed(int result) {
        const int kind = SSL_get_error(ssl_.get(), result);
        if (kind == SSL_ERROR_ZERO_RETURN) {
            return 0;
        }
        const bool waits = kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE;
        errno = waits ? EAGAIN : EPROTO;
        ERR_clear_error();
        return -1;
    }

    struct free_ssl {
        void operator()(SSL* one) const { SSL_free(one); }
    };
    int fd_;
    std::unique_ptr<SSL, free_ssl> ssl_;
};

} // namespace bench
