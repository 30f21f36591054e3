// A client of the admin listener: one exchange after another, and the stream of events. It blocks,
// each call within its bound; the operator's verbs have nothing else to do meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace secondwind::app {

struct admin_address {
    std::string host = "127.0.0.1"; // a name or a numeric address, without brackets
    std::uint16_t port = 9235;
    std::string token{};   // sent as Authorization: Bearer; empty: none
    bool tls = false;      // https://
    std::string ca_file{}; // PEM: who may vouch for its certificate; empty: whom the system trusts
    std::string certificate_file{}; // PEM: its own certificate, and no other; empty: not known
};
std::string to_string(admin_address const& where); // "127.0.0.1:9235", "[::1]:9235"

struct admin_answer {
    enum class fault : std::uint8_t {
        none,
        nobody_listens, // no connection comes about
        untrusted,      // connected, and the TLS handshake failed
        silent,         // connected, and no whole answer within the bound
        broken          // what came was no answer, or the connection ended before it was whole
    };
    fault what = fault::none;
    std::string why; // a clause, where there is no answer
    int status = 0;  // of the answer
    std::string body;
};

// Connects anew, sends one request and reads the answer, all within `bound`. A host's name is
// resolved first, for which only the system's resolver has a bound. `body` is sent as JSON where
// the method is POST. Throws nothing but bad_alloc.
admin_answer ask_admin(admin_address const& where, std::string const& method,
                       std::string const& target, std::string const& body,
                       std::chrono::milliseconds bound);

// The WebSocket /events. While it lives, SIGINT and SIGTERM end its waits instead of the process.
class event_stream {
public:
    enum class end : std::uint8_t {
        none,       // it goes on
        cut,        // the connection ended; `why` is a clause
        interrupted // a signal came
    };
    struct got {
        event_stream::end end = end::none;
        std::string why;
        std::string message; // one JSON text
    };

    explicit event_stream(admin_address where);
    event_stream(event_stream const&) = delete;
    event_stream& operator=(event_stream const&) = delete;
    ~event_stream();

    // Connects and shakes hands within `bound`; what was open before is closed. Success is status
    // 101. Ask interrupted() when it failed.
    admin_answer open(std::string const& target, std::chrono::milliseconds bound);

    // The next message, however long it takes. A server that does not even answer pings for a
    // minute counts as gone.
    got next();

    // Waits that long, unless a signal comes.
    void pause(std::chrono::milliseconds how_long);

    bool interrupted() const noexcept;

private:
    // Beast's templates are slow to compile: once, in the source.
    class wire;
    std::unique_ptr<wire> wire_;
};

} // namespace secondwind::app
