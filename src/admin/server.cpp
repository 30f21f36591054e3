#include <secondwind/admin/server.hpp>

#include <secondwind/admin/api.hpp>
#include <secondwind/admin/connection.hpp>
#include <secondwind/admin/context.hpp>
#include <secondwind/admin/events.hpp>
#include <secondwind/admin/history.hpp>
#include <secondwind/admin/metrics.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/net/accept.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <random>
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

class server::state final : net::deadline::listener {
public:
    state(subject what, bounds within)
        : subject_{counting_reloads(std::move(what))}, within_{within}, figures_{subject_},
          documents_{
              subject_, past_, run_, [this] { return state_of_events(); },
              [this](std::vector<std::string> const& keys) { live_.settings_changed(keys); }},
          live_{subject_, documents_, run_},
          shared_{subject_, within_, documents_, figures_, live_}, acceptor_{subject_.io},
          pause_{subject_.io}, changed_{subject_.io}, sampling_{subject_.deadlines, *this} {}

    void start() {
        auto const& where = subject_.settings.admin.listen.value();
        net::endpoint const at{net::asio::ip::make_address(where.address), where.port};
        acceptor_.open(at.protocol());
        acceptor_.set_option(net::asio::socket_base::reuse_address{true});
        acceptor_.bind(at);
        acceptor_.listen(net::asio::socket_base::max_listen_connections);
        auto const here = local_endpoint();
        shared_.here = {here.address().to_string(), here.port()};
        accepting_ = true;
        net::spawn(accept_all());
        sampling_.after(history::interval);
    }
    net::endpoint local_endpoint() const { return acceptor_.local_endpoint(); }

    void stop() {
        net::error_code ec;
        acceptor_.close(ec);
        pause_.cancel();
        sampling_.clear();
        for (auto& each : connections_)
            each.stop();
    }
    net::task<void> stopped() {
        while (accepting_ || !connections_.empty()) {
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
        s.listen = config::to_string(shared_.here);
        return s;
    }

    void on_deadline() override {
        past_.take(subject_.traffic, std::chrono::system_clock::now());
        sampling_.after(history::interval);
    }

    net::task<void> accept_all();
    bool full() const noexcept {
        return connections_.size() >=
               subject_.settings.limits.event_listeners + connections_besides_listeners;
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
    net::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    list connections_;
    net::gate changed_;
    net::deadline sampling_;
    bool accepting_ = false;
};

net::task<void> server::state::accept_all() {
    bool told = false; // in the log, once for each time that it begins
    while (acceptor_.is_open()) {
        net::accept_one next{acceptor_, subject_.io};
        auto ec = co_await next;
        if (!acceptor_.is_open())
            break;
        if (ec == net::asio::error::connection_aborted)
            continue;
        if (ec) {
            // Out of descriptors, as a rule, which the data port needs more.
            if (!told)
                log::write(log::level::warn, "admin_accept_failed", {{"why", ec.message()}});
            told = true;
            pause_.expires_after(net::accept_pause);
            net::completion until{[this](auto handler) { pause_.async_wait(std::move(handler)); }};
            co_await until;
            continue;
        }
        net::prepare(next.accepted, ec);
        if (ec)
            continue;
        if (full()) {
            if (!told)
                log::write(log::level::warn, "admin_full",
                           {{"connections", std::uint64_t{connections_.size()}}});
            told = true;
            connection::turn_away(std::move(next.accepted));
            continue;
        }
        told = false;
        net::spawn(serve(std::make_unique<connection>(shared_, std::move(next.accepted))));
    }
    accepting_ = false;
    changed_.open();
}

net::task<void> server::state::serve(std::unique_ptr<connection> one) {
    connections_.push_back(*one);
    try {
        co_await one->run();
    } catch (std::exception const& e) {
        // A mistake made here costs one connection, and never the data port.
        log::write(log::level::error, "admin_failed", {{"why", e.what()}});
    }
    connections_.erase(connections_.iterator_to(*one));
    one.reset();
    if (connections_.empty())
        changed_.open();
}

server::server(subject what, bounds within)
    : state_{std::make_unique<state>(std::move(what), within)} {}

server::~server() = default;

void server::start() {
    state_->start();
}

net::endpoint server::local_endpoint() const {
    return state_->local_endpoint();
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
