// Makes one chosen system call of the proxy fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace secondwind::test {

// The proxy's connections with clients, and those with the host.
enum class io_side { client, host };

// `connect` is the call itself, `connected` the later query of its result.
enum class io_call { read, write, connect, connected };

enum class io_failure {
    none,
    reset,
    pipe,
    timed_out,
    end,         // an orderly end: this and all later reads return nothing
    torn,        // one byte now, and the next call of the kind is a reset
    one_byte,    // the call transfers only one byte
    would_block, // nothing now, and ready again at once
    refused,
    no_route_to_host,
    no_route_to_network
};

struct io_fault {
    io_side side = io_side::client;
    io_call call = io_call::read;
    std::size_t k = 0; // how many calls of that kind succeed before
    io_failure with = io_failure::none;

    // A fault that neither side may notice.
    bool harmless() const noexcept {
        return with == io_failure::none || with == io_failure::one_byte ||
               with == io_failure::would_block;
    }
};

// While it lives, it knows the proxy's sockets by their ports: sockets to clients have the proxy's
// port as their own, sockets to the host have the host's as their peer's. The test's own ends of
// these connections have them the other way round, and never fail. A permanent fault really breaks
// the connection, so that both ends and epoll agree.
//
// Only for programs that are linked with --wrap for the calls in failing_io.cpp; one at a time.
class failing_io {
public:
    failing_io(std::uint16_t proxy_port, std::uint16_t host_port);
    failing_io(failing_io const&) = delete;
    failing_io& operator=(failing_io const&) = delete;
    ~failing_io();

    void arm(io_fault f);
    // From now on nothing fails and nothing is counted.
    void disarm();

    // True if the armed fault has happened.
    bool reached() const;
    // True if it broke the host's connection after the first byte of an answer.
    bool cut_an_answer() const;
    // The bytes that the proxy has read from its clients while armed.
    std::string const& received() const;
    // The number of open sockets of that side.
    std::size_t open(io_side s) const;
};

} // namespace secondwind::test
