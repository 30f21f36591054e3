// A client of the admin listener: single requests, and the stream of events. Every call blocks; an
// operator command has nothing else to do.
#pragma once

#include <secondwind/app/operator.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace secondwind::app {

enum class admin_failure : std::uint8_t {
    none,
    unreachable, // no connection
    untrusted,   // connected, but the TLS handshake failed
    timeout,     // connected, but no complete answer in time
    invalid      // the answer is not HTTP, or the connection ended in the middle of it
};

struct admin_answer {
    admin_failure failure = admin_failure::none;
    std::string detail; // a clause, if there is no answer
    int status = 0;
    std::string body;
};

using header_fields = std::vector<std::pair<std::string, std::string>>;

// Opens a connection, sends one request and reads the answer, all within `timeout`. The name of the
// host is resolved first; only the system's resolver limits that. For a POST, `body` is sent as
// JSON. `fields` are added to the head. Throws only bad_alloc.
admin_answer ask_admin(admin_address const& address, std::string const& method,
                       std::string const& target, std::string const& body,
                       std::chrono::milliseconds timeout, header_fields const& fields = {});

// What failed, why, and what to do, as a sentence for standard error. For an answer that the
// command cannot use.
std::string describe_failure(admin_address const& address, admin_answer const& answer);

// The WebSocket /events. While an object of this class exists, SIGINT and SIGTERM end its waits
// instead of the process.
class event_stream {
public:
    enum class state : std::uint8_t {
        open,
        lost,       // the connection has ended; `detail` is a clause
        interrupted // a signal arrived
    };
    struct received {
        event_stream::state state = state::open;
        std::string detail;
        std::string message; // one JSON text
    };

    explicit event_stream(admin_address address);
    event_stream(event_stream const&) = delete;
    event_stream& operator=(event_stream const&) = delete;
    ~event_stream();

    // Closes the previous connection, and opens a new one within `timeout`. Success is status 101.
    // Check interrupted() after a failure.
    admin_answer open(std::string const& target, std::chrono::milliseconds timeout);

    // Waits for the next message. A server that does not answer pings for a minute counts as lost.
    received next();

    // Waits, unless a signal arrives.
    void pause(std::chrono::milliseconds duration);

    bool interrupted() const noexcept;

private:
    // Beast's templates are slow to compile, so only the source file contains them.
    class connection;
    std::unique_ptr<connection> connection_;
};

} // namespace secondwind::app
