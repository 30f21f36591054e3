// The admin listener: accepts, lets in or refuses, and answers.
#pragma once

#include <secondwind/admin/subject.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/net/task.hpp>

#include <chrono>
#include <memory>
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
    // boost::system::system_error where that fails.
    void start();
    net::endpoint local_endpoint() const;

    // Tells everybody who listens to events that the data port drains; all goes on being served.
    void draining();
    // Tells that settings were changed by somebody else, as by a signal.
    void reloaded(std::vector<std::string> const& changed, bool well);

    // Closes the listener and every connection; event listeners are told that it goes away.
    void stop();
    // Completes when nothing of it runs any more.
    net::task<void> stopped();

private:
    class state;
    std::unique_ptr<state> state_;
};

} // namespace secondwind::admin
