// Asks the system's resolver for the addresses of a name.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/net/socket.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace secondwind::net {

// One lookup, which several coroutines may await. It runs in a separate thread, because the
// resolver blocks: for half a minute if no name server answers. Asio's resolver has one thread for
// all names, so one host's lookup would delay another's, and the process would wait for that thread
// at exit. Nothing waits for this thread: it shares only one end of a socket, to which it writes
// its result, and the process may exit before it ends.
class lookup {
public:
    explicit lookup(asio::io_context& io);
    lookup(lookup const&) = delete;
    lookup& operator=(lookup const&) = delete;
    ~lookup();

    // Begins a lookup, unless one is running. `host` is a name of at most 253 bytes.
    void begin(std::string const& host, std::uint16_t port);
    bool running() const noexcept { return running_ != nullptr; }
    // Opens when a lookup has ended.
    gate& ended() noexcept { return ended_; }

    // The result of the last lookup: the addresses in the order in which to try them, or the error.
    std::vector<endpoint> const& addresses() const noexcept { return addresses_; }
    error_code failure() const noexcept { return failure_; }

private:
    struct query;
    void take(query const& ended, std::size_t size);

    asio::io_context& io_;
    gate ended_;
    std::shared_ptr<query> running_; // the waiting read refers to it, and may outlive this
    std::vector<endpoint> addresses_;
    error_code failure_;
};

} // namespace secondwind::net
