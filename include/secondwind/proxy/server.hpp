// The proxy as a whole: it accepts clients and ends their connections.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/tls_context.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/proxy/listener_set.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace secondwind::proxy {

// Everything runs on the io_context's one thread. It must live until stopped() has completed, or
// until the io_context runs no more.
class server {
public:
    // `settings` must outlive it.
    server(net::asio::io_context& io, config::current_settings const& settings);
    server(server const&) = delete;
    server& operator=(server const&) = delete;
    ~server();

    // Binds and listens at every place that the settings name, or at none: throws listen_error, and
    // net::tls_error if a file for TLS cannot be used.
    void start();
    // The shared one first, then those of the hosts. They exist from start() on, even after the
    // server has drained.
    std::vector<listener_ptr> const& listeners() const noexcept { return listeners_.all(); }
    // Of the shared listener: the port is known after start(), even if the settings say 0.
    net::endpoint const& local_endpoint() const noexcept { return listeners().front()->local; }
    // The limit of the process, which bounds the number of clients as limits.connections does.
    // Before the call there is no such bound.
    void limit_descriptors(std::uint64_t descriptors) noexcept { descriptors_ = descriptors; }
    // Logs each listener with its host, unless it was logged before. Warns if other machines can
    // reach one without an API key, and if there are too few descriptors for limits.connections.
    void announce();

    // What other settings change in listeners and hosts, made ready: dropping it changes nothing.
    struct change {
        listener_set::change listeners;
        host::host_list::change hosts;
        net::tls_context_ptr tls; // of all listeners; null: plain HTTP
    };
    // Reads certificates again. Throws as start() does.
    change prepare(config::settings const& settings);
    // Call it once the settings for which the change was prepared are in force. Clients of a
    // listener that goes have one more request served; the hosts that go finish what runs on them.
    void take(change next);

    // Accepts no more clients, except those that have connected already. Closes busy connections
    // after their present response and idle ones now; one whose first request may still be on its
    // way, after that request.
    void drain();
    // Closes every connection now.
    void abort();
    // Completes when no session is left after drain() or abort(), no recovery runs, and no call to
    // a host either.
    net::task<void> stopped();

    context& shared() noexcept { return shared_; }
    std::size_t sessions() const noexcept;
    // How many clients are served at once: limits.connections, or less if there are too few
    // descriptors.
    std::uint64_t client_limit() const noexcept;

private:
    void take_in(listener_ptr const& listener, net::socket accepted);
    bool make_way();

    struct session_list;

    context shared_;
    listener_set listeners_;
    net::tls_context_ptr tls_; // null: plain HTTP
    std::unique_ptr<session_list> sessions_;
    net::gate changed_;
    std::uint64_t descriptors_ = std::numeric_limits<std::uint64_t>::max();
    bool aborted_ = false;
};

} // namespace secondwind::proxy
