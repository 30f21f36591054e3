// One end of TLS in the hands of a test: bytes in, bytes out, no socket.
#pragma once

#include "support/certificates.hpp"

#include <memory>
#include <string>
#include <string_view>

struct ssl_st;

namespace secondwind::test {

struct tls_options {
    std::string ca_file{};     // of a client: the trusted CA; empty: it trusts everyone
    std::string server_name{}; // of a client: SNI
    std::string protocols{};   // ALPN, in its wire format
    int newest = 0;            // version, as OpenSSL numbers it; 0: any
    int oldest = 0;
};

// It uses no code of the proxy, so that a misunderstanding of TLS cannot hide in both.
class tls_end {
public:
    static tls_end client(tls_options options = {});
    static tls_end server(identity const& identity, tls_options options = {});

    // Continues the handshake; true once it is done. Throws std::runtime_error if it fails.
    bool shake_hands();
    // Takes bytes from the network.
    void take(std::string_view sealed);
    // Returns the bytes to send.
    std::string sealed();
    // Encrypts into one or more records.
    void write(std::string_view plain);
    // Decrypts the complete records.
    std::string read();
    // True if the other side has sent close_notify.
    bool ended() const noexcept { return ended_; }
    // Of a server: sends a session ticket, which TLS 1.3 allows at any time.
    void send_ticket();
    // Sends close_notify.
    void say_goodbye();

    std::string protocol() const;    // by ALPN
    std::string server_name() const; // that the client asked for
    std::string version() const;     // "TLSv1.3"

private:
    explicit tls_end(ssl_st* s);
    struct destroyer {
        void operator()(ssl_st* s) const noexcept;
    };
    std::unique_ptr<ssl_st, destroyer> ssl_;
    bool ended_ = false;
};

} // namespace secondwind::test
