// Listeners that a service manager has bound and passed on: socket activation.
#pragma once

#include <secondwind/net/socket.hpp>

#include <optional>
#include <vector>

namespace secondwind::net {

// The listening TCP sockets among the descriptors that a process was started with. They stay open
// here whoever takes and closes them: the manager has them open as well, so nobody could bind their
// addresses anew, and a reload may come back to one.
class inherited {
public:
    // Owns the descriptors from now on. What is no listening TCP socket is closed.
    explicit inherited(std::vector<int> const& descriptors);
    inherited(inherited const&) = delete;
    inherited& operator=(inherited const&) = delete;
    ~inherited();

    // A descriptor of the socket that is bound to `at`, for the caller to close; nothing where
    // there is none. One at [::] that takes IPv4 as well is also the one of 0.0.0.0. Port 0 is
    // nobody's.
    std::optional<int> take(endpoint const& at);

    // Where those are that nobody has taken so far.
    std::vector<endpoint> unclaimed() const;

    // How many descriptors were none that can be used.
    std::size_t unusable() const noexcept { return unusable_; }

private:
    struct one {
        int descriptor;
        endpoint at;
        bool taken = false;
    };
    std::vector<one> all_;
    std::size_t unusable_ = 0;
};

// Those of this process: read once, at the first call.
inherited& passed_on();

// take() of those of this process, as a listener; throws boost::system::system_error where the
// event loop cannot have it.
std::optional<acceptor> inherited_listener(asio::io_context& io, endpoint const& at);

} // namespace secondwind::net
