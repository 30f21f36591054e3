// The admin listener: accepts, lets in or refuses, and answers.
#pragma once

#include <secondwind/admin/subject.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/net/tls_context.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::admin {

// How long is waited for whom. Tests have less patience.
struct bounds {
    std::chrono::milliseconds head{10'000};    // for a whole head, and then for a whole body
    std::chrono::milliseconds idle{60'000};    // between two requests of a connection
    std::chrono::milliseconds stall{60'000};   // for a reply of which nothing is taken
    std::chrono::milliseconds silence{60'000}; // for a listener's pong, or anything else of it
    std::chrono::milliseconds slow{10'000};    // for a listener that has lost events to take what
                                               // is under way, so that it can be told
    std::chrono::milliseconds closing{1'000};  // for the other side to agree that it is over
};

// On the same io_context as the data port, and on an address of its own. Nothing that is done here
// holds the data path up: what many listeners are told is rendered once, and nobody is waited for.
// It must live until stopped() has let its awaiter go, or the io_context runs no more.
class server {
public:
    explicit server(subject what, bounds within = {});
    ~server();
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    // Binds and listens at settings.admin.listen, which must be there; throws
    // boost::system::system_error where that fails. Speaks TLS if that is given.
    void start(net::tls_context_ptr tls = {});
    // Who connects from now on is shown this: a renewed certificate. Null: plain HTTP is spoken.
    void use(net::tls_context_ptr tls);
    // Listens there and no longer where it did, or nowhere: who is connected is given the reply to
    // what was asked, and events go on at the new address where they stood.
    void move_to(std::optional<net::acceptor> listener);
    // Nothing where it listens nowhere.
    std::optional<net::endpoint> listens_at() const;
    net::endpoint local_endpoint() const { return listens_at().value(); }

    // Tells everybody who listens to events that the data port drains; all goes on being served.
    void draining();
    // Tells that settings were changed by somebody else, as by a signal.
    void reloaded(std::vector<std::string> const& changed, bool well);

    // Closes the listener and every connection; event listeners are told that it goes away.
    void stop();
    // Completes when nothing of it runs any more.
    net::task<void> stopped();

private:
    friend net::acceptor open_listener(boost::asio::io_context& io, config::endpoint const& at,
                                       server* leaving);
    class state;
    std::unique_ptr<state> state_;
};

// Makes a listener for move_to(); throws boost::system::system_error where that fails. `leaving`,
// which may be null, is about to be moved: it may have that address.
net::acceptor open_listener(boost::asio::io_context& io, config::endpoint const& at,
                            server* leaving = nullptr);

} // namespace secondwind::admin
