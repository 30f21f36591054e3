// The listeners for clients: they accept clients and end them.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/tls_context.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/proxy/listener.hpp>
#include <secondwind/proxy/session.hpp>

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace secondwind::proxy {

// The proxy as a whole. Everything runs on the io_context's one thread. It must live until
// stopped() has let its awaiter go, or the io_context runs no more.
class server {
public:
    // `settings` must outlive it.
    server(net::asio::io_context& io, config::settings const& settings);

    // Binds and listens at every place that the settings name, or at none: throws listen_error, and
    // net::tls_error where a file for TLS is of no use.
    void start();
    // The shared one first, then those of the hosts. They are there from start() on, even after
    // they have drained.
    std::vector<listener_ptr> const& listeners() const noexcept { return listeners_; }
    // Where the shared one listens: the port is known after start(), even if the settings say 0.
    net::endpoint const& local_endpoint() const noexcept { return listeners_.front()->local; }
    // Logs each listener with its host, unless it was logged before, and warns if other machines
    // can reach one without an API key.
    void announce();

    // What other settings want of listeners and hosts, made ready: dropping it changes nothing.
    struct change {
        struct assigned {
            listener_ptr at;
            std::string host; // empty: shared
        };
        std::vector<assigned> listeners;
        host::host_list::change hosts;
        net::tls_context_ptr tls; // of all listeners; null: plain HTTP
    };
    // A listener whose address stays is kept, even if it becomes another host's. Certificates are
    // read anew. Throws as start() does.
    change prepare(config::settings const& fresh);
    // Once the settings in force are those that were prepared for. Clients of a listener that goes
    // have one more request served; the hosts that go finish what runs on them.
    void take(change to);

    // Accepts no more, except who has connected already. Busy connections close with their present
    // answer, idle ones now; one whose first request may still be on its way, after that.
    void drain();
    // Closes every connection now.
    void abort();
    // Completes when no session is left after drain() or abort(), no recovery runs, and nothing is
    // asked of a host any more.
    net::task<void> stopped();

    context& shared() noexcept { return shared_; }
    std::size_t sessions() const noexcept { return sessions_.size(); }

private:
    void listen_at(change::assigned const& one);
    void close(listener_ptr const& one);
    net::task<void> accept_all(listener_ptr at);
    void take_in(listener_ptr const& at, net::socket accepted);
    net::task<void> serve(std::unique_ptr<session> s, bool turned_away);

    using list = boost::intrusive::list<
        session, boost::intrusive::member_hook<session, boost::intrusive::list_member_hook<>,
                                               &session::hook>>;

    context shared_;
    std::vector<listener_ptr> listeners_;
    net::tls_context_ptr tls_; // null: plain HTTP
    list sessions_;
    net::gate changed_;
    std::size_t accepting_ = 0; // listeners whose accepts have not ended
    bool aborted_ = false;
};

} // namespace secondwind::proxy
