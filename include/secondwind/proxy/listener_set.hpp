// The listeners for clients, and how they change while the server runs.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/host/host_list.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/listener.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::proxy {

class listener_set {
public:
    // Called from the event loop with each client that has connected.
    using client_handler = std::function<void(listener_ptr const&, net::socket)>;

    // `make_way` is called when a client cannot be accepted because there are no descriptors left:
    // true if one is about to become free.
    listener_set(net::asio::io_context& io, client_handler on_client,
                 std::function<bool()> make_way)
        : io_{io}, on_client_{std::move(on_client)}, make_way_{std::move(make_way)}, changed_{io} {}

    // The shared one first, then those of the hosts. They stay here after close().
    std::vector<listener_ptr> const& all() const noexcept { return listeners_; }

    struct assigned {
        listener_ptr listener;
        std::string host; // empty: shared
    };
    using change = std::vector<assigned>;
    // Binds and listens at every place that the settings name, or at none: throws listen_error. A
    // listener whose address stays is kept, even if it becomes another host's. Dropping the change
    // undoes it.
    change prepare(config::settings const& settings) const;
    // Starts to accept on new listeners, and closes those that are not in the change: a session of
    // theirs serves one more request.
    void take(change next, host::host_list const& hosts);

    // Logs the address of each listener and its host, if that has changed since the last call.
    // `default_upstream` names the host of the shared one; empty: the first host.
    void log_addresses(host::host_list const& hosts, config::settings const& settings);

    // Accepts no more clients, except those that have connected already.
    void close();
    // Completes when no accept loop runs, which is some time after close().
    net::task<void> stopped();

private:
    void listen(assigned const& one, host::host_list const& hosts);
    void close(listener_ptr const& one);
    net::task<void> accept(listener_ptr one);

    net::asio::io_context& io_;
    client_handler on_client_;
    std::function<bool()> make_way_;
    std::vector<listener_ptr> listeners_;
    net::gate changed_;
    std::size_t accepting_ = 0; // accept loops that run
};

} // namespace secondwind::proxy
