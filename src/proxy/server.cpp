#include "session.hpp"
#include <secondwind/base/log.hpp>
#include <secondwind/policy/client_limit.hpp>
#include <secondwind/proxy/server.hpp>

#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <exception>

namespace secondwind::proxy {

struct server::session_list final
    : boost::intrusive::list<
          session, boost::intrusive::member_hook<session, boost::intrusive::list_member_hook<>,
                                                 &session::hook>>,
      session::owner {
    explicit session_list(net::gate& changes) noexcept : changed{changes} {}

    void serve(std::unique_ptr<session> one, bool turned_away) {
        auto& begun = *one.release(); // until ended()
        push_back(begun);
        try {
            begun.run(turned_away);
        } catch (std::exception const& e) {
            // There was not enough memory to begin; nothing waits for its client yet.
            log::write(log::level::error, "session_failed", {{"error", e.what()}});
            ended(begun);
        }
    }
    void ended(session& one) noexcept override {
        erase_and_dispose(iterator_to(one), std::default_delete<session>{});
        if (empty())
            changed.open();
    }

    net::gate& changed;
};

server::server(net::asio::io_context& io, config::current_settings const& settings)
    : shared_{io, settings}, listeners_{io,
                                        [this](listener_ptr const& listener, net::socket accepted) {
                                            take_in(listener, std::move(accepted));
                                        },
                                        [this] { return make_way(); }},
      sessions_{std::make_unique<session_list>(changed_)}, changed_{io} {}

server::~server() = default;

void server::start() {
    take(prepare(*shared_.settings));
}

server::change server::prepare(config::settings const& settings) {
    change next;
    next.tls = net::tls_context::for_listener(settings.tls.certificate_file, settings.tls.key_file);
    next.listeners = listeners_.prepare(settings);
    next.hosts = shared_.hosts.prepare(settings.upstreams);
    return next;
}

void server::take(change next) {
    tls_ = std::move(next.tls);
    shared_.hosts.take(std::move(next.hosts));
    shared_.take_hosts();
    listeners_.take(std::move(next.listeners), shared_.hosts);
    shared_.hosts.start();
}

void server::announce() {
    listeners_.log_addresses(shared_.hosts, *shared_.settings);
    if (auto const open = config::open_to_network(*shared_.settings); !open.empty())
        log::write(log::level::warn, "open_to_network",
                   {{"listen", open}, {"advice", config::close_to_network}});
    auto const wanted = shared_.settings->limits.connections;
    auto const possible = client_limit();
    if (possible < wanted)
        log::write(log::level::warn, "few_descriptors",
                   {{"descriptors", descriptors_},
                    {"connections", possible},
                    {"wanted", wanted},
                    {"advice", "fewer clients than limits.connections can be connected; raise the "
                               "hard limit (LimitNOFILE=, ulimit -Hn), or lower "
                               "limits.connections"}});
}

std::size_t server::sessions() const noexcept {
    return sessions_->size();
}

std::uint64_t server::client_limit() const noexcept {
    return policy::limit_clients(shared_.settings->limits.connections, descriptors_).served;
}

// The listener may be closed already: a client that has connected is served all the same.
void server::take_in(listener_ptr const& listener, net::socket accepted) {
    if (aborted_)
        return;
    net::error_code ec;
    net::prepare(accepted, ec);
    if (ec)
        return;
    auto const limit = policy::limit_clients(shared_.settings->limits.connections, descriptors_);
    bool const full = sessions() >= limit.served && !make_way();
    bool const bounded = descriptors_ != std::numeric_limits<std::uint64_t>::max();
    if (full && bounded && sessions() >= limit.served + limit.turned_away)
        return;
    net::stream client{std::move(accepted)};
    if (tls_)
        client.begin_tls(tls_->session(client.tcp()));
    sessions_->serve(std::make_unique<session>(shared_, *sessions_, std::move(client), listener),
                     full);
}

// Ends the connection of the client that has waited longest without a request.
bool server::make_way() {
    auto const now = shared_.deadlines.now();
    return std::ranges::any_of(shared_.idle,
                               [now](idle_client& each) { return each.give_way(now); });
}

void server::drain() {
    shared_.draining = true;
    listeners_.close();
    for (auto& each : *sessions_)
        each.drain();
    shared_.hosts.drain();
}

void server::abort() {
    drain();
    aborted_ = true;
    // Each session ends later, from the event loop: the list does not change in this loop.
    for (auto& each : *sessions_)
        each.abort();
    shared_.budget.wake();
    shared_.waiting.stop();
    // A recovery belongs to no session.
    shared_.hosts.abort();
}

net::task<void> server::stopped() {
    co_await listeners_.stopped();
    while (!sessions_->empty()) {
        net::gate::waiter until{changed_};
        co_await until;
    }
    // A recovery that runs refers to members of this object, even if its clients have gone.
    co_await shared_.hosts.stopped();
}

} // namespace secondwind::proxy
