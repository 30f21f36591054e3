#include <secondwind/base/log.hpp>
#include <secondwind/net/accept.hpp>
#include <secondwind/net/listen.hpp>
#include <secondwind/proxy/server.hpp>

#include <exception>
#include <string_view>

namespace secondwind::proxy {

server::server(net::asio::io_context& io, config::settings const& settings)
    : shared_{io, settings}, changed_{io} {}

void server::start() {
    take(prepare(shared_.settings));
}

net::task<void> server::accept_all(listener_ptr at) {
    // Even if the listener was closed meanwhile: whoever got in is served.
    auto take = [this, &at](net::socket accepted) {
        if (!aborted_)
            take_in(at, std::move(accepted));
    };
    // Out of descriptors, as a rule: those who are connected go on, and free some.
    auto fail = [](std::string_view error) {
        log::write(log::level::warn, "accept_failed", {{"error", error}});
    };
    co_await net::accept_all(at->acceptor, at->pause, take, fail);
    if (--accepting_ == 0)
        changed_.open();
}

void server::take_in(listener_ptr const& at, net::socket accepted) {
    net::error_code ec;
    net::prepare(accepted, ec);
    if (ec)
        return;
    bool const full = sessions_.size() >= shared_.settings.limits.connections;
    net::stream client{std::move(accepted)};
    if (tls_)
        client.begin_tls(tls_->session(client.tcp()));
    net::spawn(serve(std::make_unique<session>(shared_, std::move(client), at), full));
}

// Closing a listener resets those whose connect it has answered and whom nobody has accepted yet.
void server::close(listener_ptr const& one) {
    for (auto& each : net::last_clients(one->acceptor, shared_.io))
        take_in(one, std::move(each));
    one->close();
}

net::task<void> server::serve(std::unique_ptr<session> s, bool turned_away) {
    sessions_.push_back(*s);
    try {
        co_await s->run(turned_away);
    } catch (std::exception const& e) {
        // There was not enough memory to begin; nothing waits for its client yet.
        log::write(log::level::error, "session_failed", {{"what", e.what()}});
    }
    sessions_.erase(sessions_.iterator_to(*s));
    s.reset();
    if (sessions_.empty())
        changed_.open();
}

void server::drain() {
    shared_.draining = true;
    for (auto const& each : listeners_)
        if (!each->closed())
            close(each);
    for (auto& each : sessions_)
        each.drain();
    shared_.hosts.drain();
}

void server::abort() {
    drain();
    aborted_ = true;
    // Each ends later, from the event loop: the list does not change under us.
    for (auto& each : sessions_)
        each.abort();
    // A recovery belongs to no session.
    shared_.hosts.abort();
}

net::task<void> server::stopped() {
    while (accepting_ > 0 || !sessions_.empty()) {
        net::gate::waiter until{changed_};
        co_await until;
    }
    // A recovery that runs refers to what is ours, even if its clients have gone.
    co_await shared_.hosts.stopped();
}

} // namespace secondwind::proxy
