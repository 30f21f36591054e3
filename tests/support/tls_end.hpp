// One end of TLS in the hands of a test: bytes in, bytes out, no socket.
#pragma once

#include "support/certificates.hpp"

#include <memory>
#include <string>
#include <string_view>

struct ssl_st;

namespace secondwind::test {

struct tls_options {
    std::string ca_file{};     // of a client: who may vouch; empty: it trusts anybody
    std::string server_name{}; // of a client: SNI
    std::string protocols{};   // ALPN, as it is on the wire
    int newest = 0;            // version, as OpenSSL numbers it; 0: any
    int oldest = 0;
};

// Nothing of the code that is tested is used here, so that a misunderstanding of TLS cannot hide in
// both.
class tls_end {
public:
    static tls_end client(tls_options how = {});
    static tls_end server(identity const& who, tls_options how = {});

    // Goes on with the handshake; true once it is done. Throws std::runtime_error if it fails.
    bool shake_hands();
    // What came over the network.
    void take(std::string_view sealed);
    // What is to go there.
    std::string sealed();
    // In one record or more.
    void write(std::string_view plain);
    // What has come, as far as it is whole.
    std::string read();
    // The other side has ended in order.
    bool ended() const noexcept { return ended_; }
    // Of a server: a session ticket, as TLS 1.3 may send one at any time.
    void send_ticket();
    // Ends this side in order.
    void say_goodbye();

    std::string protocol() const;    // by ALPN
    std::string server_name() const; // that a client has asked for
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
