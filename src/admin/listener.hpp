// One address at which the admin interface accepts connections, with these connections.
#pragma once

#include "connection.hpp"
#include "context.hpp"
#include <secondwind/admin/server.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/tls_context.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::admin {

// A new client always finds a place, unless all are in use by subscribers and by requests that are
// being answered: the connection that has waited longest without a request gives way to it.
// Clients that have shown the token give way last. So nobody who only opens connections keeps
// probes or operators out.
class listener {
public:
    // `shared` must outlive it.
    listener(context& shared, admin::audience audience);
    listener(listener const&) = delete;
    listener& operator=(listener const&) = delete;
    ~listener() = default;

    // For new connections. Null: plain HTTP.
    void set_tls(net::tls_context_ptr tls) noexcept { tls_ = std::move(tls); }
    // Listens there instead, or nowhere. Open connections get the reply to their current request.
    void move_to(std::optional<net::acceptor> acceptor);
    // Null while it listens nowhere.
    net::acceptor* acceptor() noexcept { return socket_ ? &socket_->acceptor : nullptr; }
    std::optional<net::endpoint> listens_at() const {
        return socket_ ? std::optional{socket_->local} : std::nullopt;
    }

    // Stops listening and closes every connection.
    void stop();
    // Completes when no coroutine of the listener runs any more.
    net::task<void> stopped();

private:
    struct listening_socket {
        explicit listening_socket(net::acceptor open)
            : acceptor{std::move(open)}, local{acceptor.local_endpoint()},
              pause{acceptor.get_executor()} {}
        net::acceptor acceptor;
        net::endpoint local;
        boost::asio::steady_timer pause;
    };

    void close();
    net::task<void> accept_all(std::shared_ptr<listening_socket> socket);
    net::task<void> serve(std::unique_ptr<connection> one);
    // Makes room for a connection, if that is necessary. False if no other can give way.
    bool make_room_for(connection const& fresh);
    void log_limit(std::size_t open, std::string const& client);
    std::size_t most_connections() const noexcept;
    std::size_t most_strangers() const noexcept;

    using list = boost::intrusive::list<
        connection, boost::intrusive::member_hook<connection, boost::intrusive::list_member_hook<>,
                                                  &connection::hook>>;

    context& shared_;
    admin::audience const audience_;
    std::shared_ptr<listening_socket> socket_; // null while it listens nowhere
    net::tls_context_ptr tls_;                 // null: plain HTTP
    list connections_;
    net::gate changed_;
    std::size_t accepting_ = 0; // accept_all() that have not ended
    std::optional<std::chrono::steady_clock::time_point> limit_logged_;
};

} // namespace secondwind::admin
