// Asks the system's resolver for the addresses of a name.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/net/socket.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace secondwind::net {

// One lookup, which many may await. It runs in a thread of its own, because the resolver blocks,
// for half a minute where no name server answers. Asio's resolver would have one thread for all
// names, so that one host's would hold up another's, and wait for it at the end of the process.
// This thread is waited for by nobody: all that it shares is the end of a socket, into which it
// puts what it has found, and the process may end before it does.
class lookup {
public:
    explicit lookup(asio::io_context& io);
    lookup(lookup const&) = delete;
    lookup& operator=(lookup const&) = delete;
    ~lookup();

    // Begins one, if none runs. `host` is a name of at most 253 bytes.
    void begin(std::string const& host, std::uint16_t port);
    bool running() const noexcept { return running_ != nullptr; }
    // Opens when one has ended.
    gate& ended() noexcept { return ended_; }

    // Of the last one: in the order in which they are to be tried, or why there is none.
    std::vector<endpoint> const& addresses() const noexcept { return addresses_; }
    error_code failure() const noexcept { return failure_; }

private:
    struct answer;
    void take(answer const& found, std::size_t size);

    asio::io_context& io_;
    gate ended_;
    std::shared_ptr<answer> running_; // the waiting read refers to it, and may outlive this
    std::vector<endpoint> addresses_;
    error_code failure_;
};

} // namespace secondwind::net
