// The admin listener: metrics, probes, status, live events, actions and the dashboard; and a
// listener for probes alone.
#pragma once

#include <secondwind/admin/sources.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/tls_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::admin {

// For whom a listener is: operators, or probes alone, which get only /livez and /readyz, over plain
// HTTP.
enum class audience : std::uint8_t { operators, probes };

// Tests use shorter ones.
struct timeouts {
    std::chrono::milliseconds head{10'000};  // to receive a complete head, and then a complete body
    std::chrono::milliseconds idle{60'000};  // between two requests on a connection
    std::chrono::milliseconds stall{60'000}; // while the client takes nothing of a reply
    std::chrono::milliseconds pong{60'000};  // for any sign of life from a subscriber
    // For a subscriber that has lost events to read what is being sent, so that it gets the reason.
    std::chrono::milliseconds slow{10'000};
    std::chrono::milliseconds closing{1'000}; // for the other side to close, too
};

// Runs on the io_context of the data port, on its own address. It never delays the data path: each
// event is rendered once for all subscribers, and none of them is waited for.
//
// It must live until stopped() has resumed its awaiter, or until the io_context has ended.
class server {
public:
    explicit server(sources sources, timeouts timeouts = {});
    ~server();
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    // Listens on settings.admin.listen and settings.admin.probe_listen, where they are set; throws
    // boost::system::system_error if that fails. Null `tls`: plain HTTP.
    void start(net::tls_context_ptr tls = {});
    // For new connections of operators, for example with a renewed certificate. Null: plain HTTP.
    void set_tls(net::tls_context_ptr tls);
    // Listens there instead, or nowhere. Open connections get the reply to their current request;
    // subscribers can resume at the new address without losing events.
    void move_to(audience whose, std::optional<net::acceptor> acceptor);
    // Where it listens; nothing if it does not.
    std::optional<net::endpoint> listens_at(audience whose = audience::operators) const;
    net::endpoint local_endpoint() const { return listens_at().value(); }

    // Publishes the event that the data port drains. The admin listener keeps running.
    void announce_draining();
    // Publishes that a reload, for example by a signal, has changed settings, and counts it.
    void announce_reload(std::vector<std::string> const& changed, bool succeeded);

    // Stops listening and closes every connection; subscribers get the reason.
    void stop();
    // Completes when no coroutine of the server runs any more.
    net::task<void> stopped();

private:
    friend net::acceptor open_listener(boost::asio::io_context& io, config::endpoint const& address,
                                       server* current);
    class state;
    std::unique_ptr<state> state_;
};

// Opens a listener for move_to(); throws boost::system::system_error if that fails. `current`,
// which may be null, may still listen on that address, because it is about to move.
net::acceptor open_listener(boost::asio::io_context& io, config::endpoint const& address,
                            server* current = nullptr);

} // namespace secondwind::admin
