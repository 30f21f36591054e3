#include <secondwind/admin/server.hpp>

#include "api.hpp"
#include "connection.hpp"
#include "context.hpp"
#include "events.hpp"
#include "history.hpp"
#include "metrics.hpp"
#include <secondwind/base/log.hpp>
#include <secondwind/net/accept.hpp>
#include <secondwind/net/listen.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <random>
#include <string_view>
#include <utility>

namespace secondwind::admin {

namespace {

// For pages, scrapers and probes, besides those who listen to events.
constexpr std::size_t connections_besides_listeners = 100;

// Another one at each start, so that nobody takes the numbers of two processes for one's.
std::string new_run() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::random_device device;
    std::string run;
    for (auto bits = device(), n = 8U; n != 0; --n, bits >>= 4)
        run += digits[bits & 15];
    return run;
}

} // namespace

class server::state final : net::timer_handler {
public:
    state(subject what, bounds within)
        : subject_{counting_reloads(std::move(what))}, within_{within}, figures_{subject_},
          documents_{
              subject_, past_, run_, [this] { return state_of_events(); },
              [this](std::vector<std::string> const& keys) { live_.settings_changed(keys); }},
          live_{subject_, documents_, run_}, shared_{subject_, within_, documents_, figures_,
                                                     live_},
          changed_{subject_.io}, sampling_{subject_.deadlines, "history", *this} {}

    void start(net::tls_context_ptr tls) {
        use(std::move(tls));
        move_to(open_listener(subject_.io, subject_.settings.admin.listen.value()));
    }
    void use(net::tls_context_ptr tls) noexcept { tls_ = std::move(tls); }
    net::acceptor* listener() noexcept { return door_ ? &door_->acceptor : nullptr; }
    void move_to(std::optional<net::acceptor> listener) {
        close();
        for (auto& each : connections_)
            each.retire();
        if (!listener)
            return;
        door_ = std::make_shared<door>(std::move(*listener));
        sampling_.after(history::interval);
        ++accepting_;
        net::spawn(accept_all(door_));
    }
    std::optional<net::endpoint> listens_at() const {
        return door_ ? std::optional{door_->local} : std::nullopt;
    }

    void stop() {
        close();
        sampling_.clear();
        for (auto& each : connections_)
            each.stop();
    }
    net::task<void> stopped() {
        while (accepting_ > 0 || !connections_.empty()) {
            net::gate::waiter until{changed_};
            co_await until;
        }
    }

    events& live() noexcept { return live_; }
    metrics& figures() noexcept { return figures_; }

private:
    // What an operator reloads counts like what a signal does.
    subject counting_reloads(subject what) {
        what.reload = [this, reload = std::move(what.reload)] {
            auto result = reload();
            figures_.reloaded(result.error.empty());
            return result;
        };
        return what;
    }

    event_state state_of_events() const {
        event_state s;
        s.sequence = live_.ring().newest();
        s.listeners = live_.followers();
        if (door_)
            s.listen = config::to_string(address_of(door_->local));
        return s;
    }

    void on_timer() override {
        past_.take(subject_.traffic, std::chrono::system_clock::now());
        sampling_.after(history::interval);
    }

    // One that listens, until another one does.
    struct door {
        explicit door(net::acceptor open)
            : acceptor{std::move(open)}, local{acceptor.local_endpoint()},
              pause{acceptor.get_executor()} {}
        net::acceptor acceptor;
        net::endpoint local;
        boost::asio::steady_timer pause;
    };
    void close() {
        if (!door_)
            return;
        net::error_code ec;
        door_->acceptor.close(ec);
        door_->pause.cancel();
        door_.reset();
    }
    static config::endpoint address_of(net::endpoint const& at) {
        return {at.address().to_string(), at.port()};
    }

    net::task<void> accept_all(std::shared_ptr<door> at);
    bool full() const noexcept {
        return connections_.size() >=
               subject_.settings.limits.event_subscribers + connections_besides_listeners;
    }
    net::task<void> serve(std::unique_ptr<connection> one);

    using list = boost::intrusive::list<
        connection, boost::intrusive::member_hook<connection, boost::intrusive::list_member_hook<>,
                                                  &connection::hook>>;

    subject subject_;
    bounds const within_;
    std::string const run_ = new_run();
    history past_;
    metrics figures_;
    api documents_;
    events live_;
    context shared_;
    std::shared_ptr<door> door_; // null where it listens nowhere
    net::tls_context_ptr tls_;   // null: plain HTTP
    list connections_;
    net::gate changed_;
    net::timer sampling_;
    std::size_t accepting_ = 0; // doors whose accepts have not ended
};

net::task<void> server::state::accept_all(std::shared_ptr<door> at) {
    bool told_full = false; // in the log, once for each time that it begins
    auto take = [this, &at, &told_full](net::socket accepted) {
        net::error_code ec;
        if (at->acceptor.is_open())
            net::prepare(accepted, ec);
        if (ec || !at->acceptor.is_open())
            return;
        net::stream client{std::move(accepted)};
        if (tls_)
            client.begin_tls(tls_->session(client.tcp()));
        if (full()) {
            if (!std::exchange(told_full, true))
                log::write(log::level::warn, "admin_full",
                           {{"connections", std::uint64_t{connections_.size()}}});
            connection::turn_away(std::move(client));
            return;
        }
        told_full = false;
        net::spawn(
            serve(std::make_unique<connection>(shared_, std::move(client), address_of(at->local))));
    };
    // Out of descriptors, as a rule, which the data port needs more.
    auto fail = [](std::string_view reason) {
        log::write(log::level::warn, "admin_accept_failed", {{"why", reason}});
    };
    co_await net::accept_all(at->acceptor, at->pause, take, fail);
    if (--accepting_ == 0)
        changed_.open();
}

net::task<void> server::state::serve(std::unique_ptr<connection> one) {
    connections_.push_back(*one);
    try {
        co_await one->run();
    } catch (std::exception const& e) {
        // A mistake made here costs one connection, and never the data port.
        log::write(log::level::error, "admin_failed", {{"error", e.what()}});
    }
    connections_.erase(connections_.iterator_to(*one));
    one.reset();
    if (connections_.empty())
        changed_.open();
}

server::server(subject what, bounds within)
    : state_{std::make_unique<state>(std::move(what), within)} {}

server::~server() = default;

void server::start(net::tls_context_ptr tls) {
    state_->start(std::move(tls));
}

void server::use(net::tls_context_ptr tls) {
    state_->use(std::move(tls));
}

net::acceptor open_listener(boost::asio::io_context& io, config::endpoint const& at,
                            server* leaving) {
    std::vector<net::acceptor*> before;
    if (auto* const one = leaving ? leaving->state_->listener() : nullptr)
        before.push_back(one);
    net::endpoint const where{net::asio::ip::make_address(at.address), at.port};
    return net::open_listener(io, where, false, before);
}

void server::move_to(std::optional<net::acceptor> listener) {
    state_->move_to(std::move(listener));
}

std::optional<net::endpoint> server::listens_at() const {
    return state_->listens_at();
}

void server::draining() {
    state_->live().draining();
}

void server::reloaded(std::vector<std::string> const& changed, bool well) {
    state_->figures().reloaded(well);
    if (well)
        state_->live().settings_changed(changed);
}

void server::stop() {
    state_->stop();
}

net::task<void> server::stopped() {
    return state_->stopped();
}

} // namespace secondwind::admin
