// The data port: accepts clients and ends them.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/proxy/session.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <memory>

namespace secondwind::proxy {

// The proxy as a whole. Everything runs on the io_context's one thread. It must live until
// stopped() has let its awaiter go, or the io_context runs no more.
class server {
public:
    // `settings` must outlive it.
    server(net::asio::io_context& io, config::settings const& settings);

    // Binds and listens; throws boost::system::system_error where that fails.
    void start();
    // Where it listens, or did before it drained: the port is known after start(), even if the
    // settings say 0.
    net::endpoint const& local_endpoint() const noexcept { return local_; }

    // Accepts no more; idle connections close now, busy ones with their present answer.
    void drain();
    // Closes every connection now.
    void abort();
    // Completes when no session is left after drain() or abort(), no recovery runs, and nothing is
    // asked of a host any more.
    net::task<void> stopped();

    context& shared() noexcept { return shared_; }
    std::size_t sessions() const noexcept { return sessions_.size(); }

private:
    net::task<void> accept_all();
    net::task<void> serve(std::unique_ptr<session> s, bool turned_away);

    using list = boost::intrusive::list<
        session, boost::intrusive::member_hook<session, boost::intrusive::list_member_hook<>,
                                               &session::hook>>;

    context shared_;
    net::acceptor acceptor_;
    net::endpoint local_;
    boost::asio::steady_timer pause_;
    list sessions_;
    net::gate changed_;
    bool accepting_ = false;
};

} // namespace secondwind::proxy
