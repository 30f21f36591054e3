#include <secondwind/admin/server.hpp>

#include "actions.hpp"
#include "api.hpp"
#include "context.hpp"
#include "event_hub.hpp"
#include "listener.hpp"
#include "metrics.hpp"
#include "status_documents.hpp"
#include <secondwind/net/listen.hpp>

#include <boost/asio/ip/address.hpp>

#include <random>
#include <string_view>
#include <utility>

namespace secondwind::admin {

namespace {

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

class server::state {
public:
    state(sources sources, admin::timeouts timeouts)
        : sources_{counting_reloads(std::move(sources))}, timeouts_{timeouts}, metrics_{sources_},
          documents_{sources_, run_, [this] { return event_state_now(); }},
          actions_{
              sources_,
              [this](std::vector<std::string> const& keys) { events_.settings_changed(keys); }},
          api_{sources_, documents_, actions_}, events_{sources_, documents_, run_},
          shared_{sources_, timeouts_, api_, metrics_, events_},
          operators_{shared_, audience::operators}, probes_{shared_, audience::probes} {}

    void start(net::tls_context_ptr tls) {
        set_tls(std::move(tls));
        auto const& settings = sources_.settings->admin;
        if (settings.listen)
            move_to(audience::operators, open_listener(sources_.io, *settings.listen));
        if (settings.probe_listen)
            move_to(audience::probes, open_listener(sources_.io, *settings.probe_listen));
    }
    void set_tls(net::tls_context_ptr tls) noexcept { operators_.set_tls(std::move(tls)); }
    std::vector<net::acceptor*> acceptors() noexcept {
        std::vector<net::acceptor*> all;
        for (auto* each : {&operators_, &probes_})
            if (auto* const acceptor = each->acceptor())
                all.push_back(acceptor);
        return all;
    }
    void move_to(audience whose, std::optional<net::acceptor> acceptor) {
        of(whose).move_to(std::move(acceptor));
    }
    std::optional<net::endpoint> listens_at(audience whose) const {
        return (whose == audience::operators ? operators_ : probes_).listens_at();
    }

    void stop() {
        operators_.stop();
        probes_.stop();
    }
    net::task<void> stopped() {
        co_await operators_.stopped();
        co_await probes_.stopped();
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
        if (auto const local = operators_.listens_at())
            now.listen =
                config::to_string(config::endpoint{local->address().to_string(), local->port()});
        return now;
    }

    listener& of(audience whose) noexcept {
        return whose == audience::operators ? operators_ : probes_;
    }

    sources sources_;
    admin::timeouts const timeouts_;
    std::string const run_ = new_run();
    admin::metrics metrics_;
    status_documents documents_;
    actions actions_;
    api api_;
    event_hub events_;
    context shared_;
    listener operators_;
    listener probes_;
};

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
    auto const leaving = current ? current->state_->acceptors() : std::vector<net::acceptor*>{};
    net::endpoint const endpoint{net::asio::ip::make_address(address.address), address.port};
    return net::open_listener(io, endpoint, false, leaving);
}

void server::move_to(audience whose, std::optional<net::acceptor> acceptor) {
    state_->move_to(whose, std::move(acceptor));
}

std::optional<net::endpoint> server::listens_at(audience whose) const {
    return state_->listens_at(whose);
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
