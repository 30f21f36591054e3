#include <secondwind/base/log.hpp>
#include <secondwind/net/accept.hpp>
#include <secondwind/proxy/server.hpp>

#include <boost/asio/ip/address.hpp>

namespace secondwind::proxy {

server::server(net::asio::io_context& io, config::settings const& settings)
    : shared_{io, settings}, acceptor_{io}, pause_{io}, changed_{io} {}

void server::start() {
    auto const& where = shared_.settings.listen;
    net::endpoint const at{net::asio::ip::make_address(where.address), where.port};
    acceptor_.open(at.protocol());
    acceptor_.set_option(net::asio::socket_base::reuse_address{true});
    acceptor_.bind(at);
    acceptor_.listen(net::asio::socket_base::max_listen_connections);
    local_ = acceptor_.local_endpoint();
    accepting_ = true;
    net::spawn(accept_all());
    shared_.host.view.start();
}

net::task<void> server::accept_all() {
    bool told = false; // in the log, once for each time that it begins
    while (acceptor_.is_open()) {
        net::accept_one next{acceptor_, shared_.io};
        auto ec = co_await next;
        if (!acceptor_.is_open())
            break;
        if (ec == net::asio::error::connection_aborted)
            continue;
        if (ec) {
            // Out of descriptors, as a rule: those who are connected go on, and free some.
            if (!told)
                log::write(log::level::warn, "accept_failed", {{"why", ec.message()}});
            told = true;
            pause_.expires_after(net::accept_pause);
            net::completion until{[this](auto handler) { pause_.async_wait(std::move(handler)); }};
            co_await until;
            continue;
        }
        told = false;
        net::prepare(next.accepted, ec);
        if (ec)
            continue;
        bool const full = sessions_.size() >= shared_.settings.limits.connections;
        net::spawn(serve(std::make_unique<session>(shared_, std::move(next.accepted)), full));
    }
    accepting_ = false;
    changed_.open();
}

net::task<void> server::serve(std::unique_ptr<session> s, bool turned_away) {
    sessions_.push_back(*s);
    if (turned_away)
        co_await s->turn_away();
    else
        co_await s->run();
    sessions_.erase(sessions_.iterator_to(*s));
    s.reset();
    if (sessions_.empty())
        changed_.open();
}

void server::drain() {
    shared_.draining = true;
    net::error_code ec;
    acceptor_.close(ec);
    pause_.cancel();
    for (auto& each : sessions_)
        each.drain();
    shared_.host.pool.close();
    shared_.host.view.stop();
}

void server::abort() {
    drain();
    // Each ends later, from the event loop: the list does not change under us.
    for (auto& each : sessions_)
        each.abort();
    // A recovery belongs to no session.
    shared_.host.pool.abort();
    shared_.host.care.recovery.stop();
}

net::task<void> server::stopped() {
    // A recovery that runs refers to what is ours, even if its clients have gone.
    auto& guard = shared_.host.care.guard;
    while (accepting_ || !sessions_.empty() || guard.recovering()) {
        bool const ours = accepting_ || !sessions_.empty();
        net::gate::waiter until{ours ? changed_ : guard.gate()};
        co_await until;
    }
    // Whatever still asks the host does so for somebody who only looks.
    shared_.host.pool.abort();
    co_await shared_.host.view.stopped();
}

} // namespace secondwind::proxy
