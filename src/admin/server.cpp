#include <secondwind/admin/server.hpp>

#include "actions.hpp"
#include "api.hpp"
#include "connection.hpp"
#include "context.hpp"
#include "event_hub.hpp"
#include "history.hpp"
#include "metrics.hpp"
#include "status_documents.hpp"
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

// For browsers, scrapers and probes, in addition to the subscribers.
constexpr std::size_t connections_besides_subscribers = 100;

// Different at each start, so that event numbers of two processes are not confused.
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
    state(sources sources, admin::timeouts timeouts)
        : sources_{counting_reloads(std::move(sources))}, timeouts_{timeouts}, metrics_{sources_},
          documents_{sources_, history_, run_, [this] { return event_state_now(); }},
          actions_{
              sources_,
              [this](std::vector<std::string> const& keys) { events_.settings_changed(keys); }},
          api_{sources_, documents_, actions_}, events_{sources_, documents_, run_},
          shared_{sources_, timeouts_, api_, metrics_, events_}, changed_{sources_.io},
          sampling_{sources_.deadlines, "history", *this} {}

    void start(net::tls_context_ptr tls) {
        set_tls(std::move(tls));
        move_to(open_listener(sources_.io, sources_.settings->admin.listen.value()));
    }
    void set_tls(net::tls_context_ptr tls) noexcept { tls_ = std::move(tls); }
    net::acceptor* acceptor() noexcept { return socket_ ? &socket_->acceptor : nullptr; }
    void move_to(std::optional<net::acceptor> acceptor) {
        close();
        for (auto& each : connections_)
            each.retire();
        if (!acceptor)
            return;
        socket_ = std::make_shared<listening_socket>(std::move(*acceptor));
        sampling_.after(history::interval);
        ++accepting_;
        net::spawn(accept_all(socket_));
    }
    std::optional<net::endpoint> listens_at() const {
        return socket_ ? std::optional{socket_->local} : std::nullopt;
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

    event_hub& events() noexcept { return events_; }
    admin::metrics& metrics() noexcept { return metrics_; }

private:
    // A reload by an operator is counted like one by a signal.
    sources counting_reloads(sources sources) {
        sources.reload = [this, reload = std::move(sources.reload)] {
            auto result = reload();
            metrics_.count_reload(result.error.empty());
            return result;
        };
        return sources;
    }

    event_state event_state_now() const {
        event_state now;
        now.sequence = events_.ring().newest();
        now.subscribers = events_.subscribers();
        if (socket_)
            now.listen = config::to_string(address_of(socket_->local));
        return now;
    }

    void on_timer() override {
        history_.add_sample(sources_.traffic, std::chrono::system_clock::now());
        sampling_.after(history::interval);
    }

    struct listening_socket {
        explicit listening_socket(net::acceptor open)
            : acceptor{std::move(open)}, local{acceptor.local_endpoint()},
              pause{acceptor.get_executor()} {}
        net::acceptor acceptor;
        net::endpoint local;
        boost::asio::steady_timer pause;
    };
    void close() {
        if (!socket_)
            return;
        net::error_code ec;
        socket_->acceptor.close(ec);
        socket_->pause.cancel();
        socket_.reset();
    }
    static config::endpoint address_of(net::endpoint const& endpoint) {
        return {endpoint.address().to_string(), endpoint.port()};
    }

    net::task<void> accept_all(std::shared_ptr<listening_socket> socket);
    bool is_full() const noexcept {
        return connections_.size() >=
               sources_.settings->limits.event_subscribers + connections_besides_subscribers;
    }
    net::task<void> serve(std::unique_ptr<connection> one);

    using list = boost::intrusive::list<
        connection, boost::intrusive::member_hook<connection, boost::intrusive::list_member_hook<>,
                                                  &connection::hook>>;

    sources sources_;
    admin::timeouts const timeouts_;
    std::string const run_ = new_run();
    history history_;
    admin::metrics metrics_;
    status_documents documents_;
    actions actions_;
    api api_;
    event_hub events_;
    context shared_;
    std::shared_ptr<listening_socket> socket_; // null while it listens nowhere
    net::tls_context_ptr tls_;                 // null: plain HTTP
    list connections_;
    net::gate changed_;
    net::timer sampling_;
    std::size_t accepting_ = 0; // accept_all() that have not ended
};

net::task<void> server::state::accept_all(std::shared_ptr<listening_socket> socket) {
    bool full_logged = false; // once for each time that the limit is reached
    auto take = [this, &socket, &full_logged](net::socket accepted) {
        net::error_code ec;
        if (socket->acceptor.is_open())
            net::prepare(accepted, ec);
        if (ec || !socket->acceptor.is_open())
            return;
        net::stream client{std::move(accepted)};
        if (tls_)
            client.begin_tls(tls_->session(client.tcp()));
        if (is_full()) {
            if (!std::exchange(full_logged, true))
                log::write(log::level::warn, "admin_connection_limit",
                           {{"connections", std::uint64_t{connections_.size()}}});
            connection::refuse(std::move(client));
            return;
        }
        full_logged = false;
        net::spawn(serve(
            std::make_unique<connection>(shared_, std::move(client), address_of(socket->local))));
    };
    // Usually there are no file descriptors left, and the data port needs them more.
    auto fail = [](std::string_view error) {
        log::write(log::level::warn, "admin_accept_failed", {{"error", error}});
    };
    co_await net::accept_all(socket->acceptor, socket->pause, take, fail);
    if (--accepting_ == 0)
        changed_.open();
}

net::task<void> server::state::serve(std::unique_ptr<connection> one) {
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

server::server(sources sources, timeouts timeouts)
    : state_{std::make_unique<state>(std::move(sources), timeouts)} {}

server::~server() = default;

void server::start(net::tls_context_ptr tls) {
    state_->start(std::move(tls));
}

void server::set_tls(net::tls_context_ptr tls) {
    state_->set_tls(std::move(tls));
}

net::acceptor open_listener(boost::asio::io_context& io, config::endpoint const& address,
                            server* current) {
    std::vector<net::acceptor*> leaving;
    if (auto* const acceptor = current ? current->state_->acceptor() : nullptr)
        leaving.push_back(acceptor);
    net::endpoint const endpoint{net::asio::ip::make_address(address.address), address.port};
    return net::open_listener(io, endpoint, false, leaving);
}

void server::move_to(std::optional<net::acceptor> acceptor) {
    state_->move_to(std::move(acceptor));
}

std::optional<net::endpoint> server::listens_at() const {
    return state_->listens_at();
}

void server::announce_draining() {
    state_->events().draining();
}

void server::announce_reload(std::vector<std::string> const& changed, bool succeeded) {
    state_->metrics().count_reload(succeeded);
    if (succeeded)
        state_->events().settings_changed(changed);
}

void server::stop() {
    state_->stop();
}

net::task<void> server::stopped() {
    return state_->stopped();
}

} // namespace secondwind::admin
