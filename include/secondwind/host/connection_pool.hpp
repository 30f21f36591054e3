// The connections to one host.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/host/connection.hpp>
#include <secondwind/host/failure.hpp>
#include <secondwind/host/idle_set.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/lookup.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/tls_context.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace secondwind::host {

class connection_pool;

// For connections to an https:// host; null for http://. Throws net::tls_error.
net::tls_context_ptr tls_to(config::upstream const& upstream);

// The right to use a connection. Destroying it closes the connection; give_back() returns it to the
// pool.
class lease {
public:
    lease() noexcept = default;
    lease(connection_pool& from, connection_ptr c) noexcept : pool_{&from}, held_{std::move(c)} {}

    explicit operator bool() const noexcept { return held_ != nullptr; }
    connection& operator*() const noexcept { return *held_; }
    connection* operator->() const noexcept { return held_.get(); }

    // The answer was complete, its connection persists and no byte came after it: `keep_alive` is
    // the host's own "timeout" in seconds, or -1.
    void give_back(int keep_alive);
    void close() noexcept { held_.reset(); }

private:
    connection_pool* pool_ = nullptr;
    connection_ptr held_;
};

// LM Studio closes idle connections after five seconds, so they are kept for `timeouts.host_idle`
// (four), or for a second less than the host's own "Keep-Alive: timeout=".
//
// A host's name is looked up for the first connect, and again after one that failed.
class connection_pool final : net::timer_handler {
public:
    // Told of the result of each connect, except one that was given up or could not be begun.
    class watcher {
    public:
        // `result` is no failure if it succeeded. Must not throw.
        virtual void on_connect(failure const& result) = 0;

    protected:
        ~watcher() = default;
    };

    // Throws net::tls_error if the files for an https:// host cannot be used.
    connection_pool(net::asio::io_context& io, net::deadline_queue& deadlines,
                    config::upstream const& upstream, config::current_settings const& settings);

    // An idle connection that was just seen to be alive, otherwise a new one, not yet connected.
    lease lend();
    lease lend_new();

    // Connects a new one, trying every address of the host, and shakes hands where TLS is spoken:
    // all that within timeouts.connect. `slot` is for that deadline.
    net::task<failure> connect(connection& c, net::deadline_slot& slot);

    config::upstream const& upstream() const noexcept { return upstream_; }
    std::size_t idle() const noexcept { return idle_.size(); }
    // How many are lent, including tunnels. Counts them.
    std::size_t leased() const noexcept { return lent_.size(); }
    // Whether one of them has these ends, as the kernel tells them.
    bool has_lent(net::endpoint const& local, net::endpoint const& remote) noexcept;
    // How many connects have failed: if the number has changed, the host was down meanwhile.
    std::uint64_t connect_failures() const noexcept { return connect_failures_; }
    // How many of them failed at the TLS handshake.
    std::uint64_t tls_failures() const noexcept { return tls_failures_; }
    // The value of the Host field for a host with TLS, which must match its certificate; empty
    // without TLS: then the client's own value stays.
    std::string_view authority() const noexcept { return authority_; }
    // The TLS context of later connects, after a reload. Null for http://.
    void use(net::tls_context_ptr tls) noexcept { tls_ = std::move(tls); }
    // One at most, which must outlive the pool's last connect.
    void watch(watcher& one) noexcept { watcher_ = &one; }

    // Closes the idle connections; leased ones are closed when they come back.
    void close();
    // Cancels leased connections as well, and every one that is lent from now on: the server stops.
    void abort();

private:
    friend class lease;
    void give_back(connection_ptr c, int keep_alive);
    void on_timer() override;
    net::task<failure> resolve(connection& c);
    net::task<failure> reach(connection& c);
    net::task<failure> shake_hands(connection& c);
    void connected(failure const& result);

    net::asio::io_context& io_;
    config::upstream const& upstream_;
    config::current_settings const& settings_;
    idle_set<connection_ptr> idle_;
    net::timer expiry_;
    net::lookup lookup_;
    net::tls_context_ptr tls_;
    std::string authority_;
    std::vector<net::endpoint> addresses_; // empty: to be resolved
    std::uint64_t connect_failures_ = 0;
    std::uint64_t tls_failures_ = 0;
    watcher* watcher_ = nullptr;
    bool closed_ = false;
    bool aborted_ = false;

    using lent_list = boost::intrusive::list<
        connection,
        boost::intrusive::member_hook<connection, connection::lent_hook, &connection::lent>,
        boost::intrusive::constant_time_size<false>>;
    lent_list lent_;
};

} // namespace secondwind::host
