#include "admin_endpoint.hpp"

#include <secondwind/base/log.hpp>

#include <boost/system/system_error.hpp>

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {

net::tls_context_ptr admin_tls(config::admin const& settings) {
    auto const& files = settings.certificate;
    return settings.listen ? net::tls_context::for_listener(files.certificate_file, files.key_file)
                           : nullptr;
}

admin_endpoint::admin_endpoint(config::current_settings& settings, proxy::server& server,
                               reloader& reload, bool chosen)
    : settings_{settings}, server_{server}, reload_{reload}, chosen_{chosen} {
    reload.add_part([this](config::settings const& fresh) { return prepare(fresh); });
}

admin::sources admin_endpoint::sources() {
    auto& context = server_.shared();
    auto state = [this] {
        auto const& shared = server_.shared();
        return admin::proxy_state{config::to_string(proxy::address_of(server_.local_endpoint())),
                                  server_.sessions(), shared.budget.used(), shared.draining};
    };
    return {context.io,
            context.deadlines,
            settings_,
            context.traffic,
            context.exchanges,
            context.ledger,
            context.hosts,
            state,
            [this] { return reload_.run(); },
            SECONDWIND_VERSION};
}

bool admin_endpoint::start(net::tls_context_ptr tls) {
    if (!settings_->admin.listen)
        return true;
    auto const listen = config::to_string(*settings_->admin.listen);
    auto server = std::make_unique<admin::server>(sources());
    try {
        server->start(std::move(tls));
    } catch (boost::system::system_error const& e) {
        if (chosen_) {
            fmt::print(stderr,
                       "secondwind: the admin listener cannot listen on {}: {}. Choose another "
                       "address with --admin ADDR:PORT, or turn it off with --admin off.\n",
                       listen, e.code().message());
            return false;
        }
        // Usually a second secondwind. The data port matters more than the admin listener.
        log::write(log::level::warn, "admin_unavailable",
                   {{"listen", listen},
                    {"error", e.code().message()},
                    {"advice", "choose another address with --admin ADDR:PORT"}});
        return true;
    }
    admin_ = std::move(server);
    log_address();
    return true;
}

void admin_endpoint::log_address() const {
    if (auto const listen = address())
        log::write(log::level::info, "admin_listening", {{"listen", config::to_string(*listen)}});
}

std::function<void()> admin_endpoint::prepare(config::settings const& fresh) {
    auto const& listen = fresh.admin.listen;
    auto const tls = admin_tls(fresh.admin);
    if (listen == settings_->admin.listen)
        return [this, tls] {
            if (admin_)
                admin_->set_tls(tls);
        };
    std::shared_ptr<net::acceptor> acceptor; // shared, because a std::function must be copyable
    if (listen) {
        try {
            acceptor = std::make_shared<net::acceptor>(
                admin::open_listener(server_.shared().io, *listen, admin_.get()));
        } catch (boost::system::system_error const& e) {
            throw std::runtime_error{
                fmt::format("the admin listener cannot listen on {}: {}. Set admin.listen to "
                            "another address.",
                            config::to_string(*listen), e.code().message())};
        }
    }
    // The admin server stays even while it listens nowhere: it keeps its counters and its events.
    return [this, acceptor, tls] {
        if (!admin_)
            admin_ = std::make_unique<admin::server>(sources());
        admin_->set_tls(tls);
        admin_->move_to(acceptor ? std::optional{std::move(*acceptor)} : std::nullopt);
        log_address();
    };
}

std::optional<config::endpoint> admin_endpoint::address() const {
    auto const endpoint = admin_ ? admin_->listens_at() : std::nullopt;
    return endpoint ? std::optional{proxy::address_of(*endpoint)} : std::nullopt;
}

void admin_endpoint::reload() {
    auto const result = reload_.run();
    if (admin_)
        admin_->announce_reload(result.changed, result.error.empty());
}

void admin_endpoint::announce_draining() {
    if (admin_)
        admin_->announce_draining();
}

net::task<void> admin_endpoint::stop() {
    if (!admin_)
        co_return;
    admin_->stop();
    co_await admin_->stopped();
}

} // namespace secondwind::app
