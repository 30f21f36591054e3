#include "listener.hpp"

#include <secondwind/base/log.hpp>
#include <secondwind/net/accept.hpp>

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

namespace secondwind::admin {

namespace {

// For browsers, scrapers and probes, in addition to the subscribers; and for the clients of other
// networks while one has as many connections as it can get.
constexpr std::size_t reserved = 100;

// A probe sends its request at once, so it is answered before so many others have connected.
constexpr std::size_t probe_connections = 1'000;

// So that nobody fills the log with it.
constexpr std::chrono::minutes between_limit_lines{1};

config::endpoint address_of(net::endpoint const& endpoint) {
    return {endpoint.address().to_string(), endpoint.port()};
}

} // namespace

listener::listener(context& shared, admin::audience audience)
    : shared_{shared}, audience_{audience}, changed_{shared.sources.io} {}

void listener::move_to(std::optional<net::acceptor> acceptor) {
    close();
    for (auto& each : connections_)
        each.retire();
    if (!acceptor)
        return;
    socket_ = std::make_shared<listening_socket>(std::move(*acceptor));
    ++accepting_;
    net::spawn(accept_all(socket_));
}

void listener::stop() {
    close();
    for (auto& each : connections_)
        each.stop();
}

net::task<void> listener::stopped() {
    while (accepting_ > 0 || !connections_.empty()) {
        net::gate::waiter until{changed_};
        co_await until;
    }
}

void listener::close() {
    if (!socket_)
        return;
    net::error_code ec;
    socket_->acceptor.close(ec);
    socket_->pause.cancel();
    socket_.reset();
}

std::size_t listener::most_connections() const noexcept {
    return audience_ == audience::operators
               ? shared_.sources.settings->limits.event_subscribers + reserved
               : probe_connections;
}

// Of one network, that have not shown the token.
std::size_t listener::most_strangers() const noexcept {
    return std::max(most_connections() - reserved, reserved);
}

bool listener::make_room_for(connection const& fresh) {
    auto const longest = [](connection* one, connection& other) {
        return one == nullptr || other.waits_since() < one->waits_since() ? &other : one;
    };
    std::size_t open = 0;
    std::size_t strangers = 0; // of the same network
    connection* neighbour = nullptr;
    connection* stranger = nullptr;
    connection* known = nullptr;
    for (auto& each : connections_) {
        auto const standing = each.standing();
        open += standing != connection::standing::leaving;
        if (standing == connection::standing::known)
            known = longest(known, each);
        if (standing != connection::standing::stranger)
            continue;
        stranger = longest(stranger, each);
        if (each.network() != fresh.network())
            continue;
        ++strangers;
        neighbour = longest(neighbour, each);
    }
    connection* leaves = nullptr;
    if (strangers >= most_strangers())
        leaves = neighbour;
    else if (open < most_connections())
        return true;
    else
        leaves = stranger != nullptr ? stranger : known;
    log_limit(open, fresh.client());
    if (leaves != nullptr)
        leaves->give_way();
    return leaves != nullptr;
}

void listener::log_limit(std::size_t open, std::string const& client) {
    auto const now = std::chrono::steady_clock::now();
    if (limit_logged_ && now - *limit_logged_ < between_limit_lines)
        return;
    limit_logged_ = now;
    log::write(log::level::warn, "admin_connection_limit",
               {{"connections", std::uint64_t{open}}, {"client", client}});
}

net::task<void> listener::accept_all(std::shared_ptr<listening_socket> socket) {
    auto take = [this, &socket](net::socket accepted) {
        net::error_code ec;
        if (socket->acceptor.is_open())
            net::prepare(accepted, ec);
        if (ec || !socket->acceptor.is_open())
            return;
        net::stream client{std::move(accepted)};
        if (tls_)
            client.begin_tls(tls_->session(client.tcp()));
        auto fresh = std::make_unique<connection>(shared_, std::move(client),
                                                  address_of(socket->local), audience_);
        if (make_room_for(*fresh))
            net::spawn(serve(std::move(fresh)));
        else
            fresh->refuse();
    };
    // Usually there are no file descriptors left, and the data port needs them more.
    auto fail = [](std::string_view error) {
        log::write(log::level::warn, "admin_accept_failed", {{"error", error}});
    };
    auto relieve = [] { return false; };
    co_await net::accept_all(socket->acceptor, socket->pause, take, fail, relieve);
    if (--accepting_ == 0)
        changed_.open();
}

net::task<void> listener::serve(std::unique_ptr<connection> one) {
    connections_.push_back(*one);
    try {
        co_await one->run();
    } catch (std::exception const& e) {
        // A bug here must cost one connection, and never the data port.
        log::write(log::level::error, "admin_failed", {{"error", e.what()}});
    }
    connections_.erase(connections_.iterator_to(*one));
    one.reset();
    if (connections_.empty())
        changed_.open();
}

} // namespace secondwind::admin
