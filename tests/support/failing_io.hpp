// Makes one chosen system call of the proxy fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace secondwind::test {

// The proxy's connections with clients, and those with the host.
enum class io_side { client, host };

// `connect` is the call itself, `connected` the question, later, of how it went.
enum class io_call { read, write, connect, connected };

enum class io_failure {
    none,
    reset,
    pipe,
    timed_out,
    end,         // an orderly end: a read of nothing, now and ever after
    torn,        // one byte now, and the next call of the kind is a reset
    one_byte,    // the call does its work, but for one byte only
    would_block, // nothing now, and readiness again at once
    refused,
    no_route_to_host,
    no_route_to_network
};

struct io_fault {
    io_side side = io_side::client;
    io_call call = io_call::read;
    std::size_t k = 0; // how many calls of that kind go well before
    io_failure with = io_failure::none;

    // Neither side may notice.
    bool harmless() const noexcept {
        return with == io_failure::none || with == io_failure::one_byte ||
               with == io_failure::would_block;
    }
};

// For as long as it lives, it knows the proxy's sockets by their ports: those of clients have the
// proxy's as their own, those of the host have the host's as their peer's. A test's own ends of
// these connections have them the other way round and are left alone. What fails for good is really
// broken afterwards, so that both ends and epoll see one and the same story.
//
// Only for binaries that are linked with --wrap for the calls in failing_io.cpp; one at a time.
class failing_io {
public:
    failing_io(std::uint16_t proxy_port, std::uint16_t host_port);
    failing_io(failing_io const&) = delete;
    failing_io& operator=(failing_io const&) = delete;
    ~failing_io();

    void arm(io_fault f);
    // Nothing fails and nothing is counted any more.
    void disarm();

    // The armed fault came to pass.
    bool reached() const;
    // It took the host away after the first byte of an answer.
    bool cut_an_answer() const;
    // What the proxy has read from its clients while armed.
    std::string const& received() const;
    // Sockets of that side that are not closed.
    std::size_t open(io_side s) const;
};

} // namespace secondwind::test
