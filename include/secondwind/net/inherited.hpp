// Listening sockets that a service manager has bound and passed on: socket activation.
#pragma once

#include <secondwind/net/socket.hpp>

#include <optional>
#include <vector>

namespace secondwind::net {

// The listening TCP sockets among the descriptors that the process was started with. This keeps
// each open even after a taken one is closed: the service manager keeps them open as well, so their
// addresses could not be bound again, but a reload may need them.
class inherited {
public:
    // Owns the descriptors from now on. Those that are not listening TCP sockets are closed.
    explicit inherited(std::vector<int> const& descriptors);
    inherited(inherited const&) = delete;
    inherited& operator=(inherited const&) = delete;
    ~inherited();

    // A descriptor of the socket that is bound to `at`, which the caller must close; nothing if
    // there is none. One at [::] that accepts IPv4 as well also counts for 0.0.0.0. Port 0 matches
    // none.
    std::optional<int> take(endpoint const& at);

    // The addresses of the sockets that have not been taken.
    std::vector<endpoint> unclaimed() const;

    // How many descriptors could not be used.
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

// The sockets passed to this process: read once, at the first call.
inherited& passed_on();

// Takes one of them as a listener. Throws boost::system::system_error if the event loop cannot use
// it.
std::optional<acceptor> inherited_listener(asio::io_context& io, endpoint const& at);

} // namespace secondwind::net
