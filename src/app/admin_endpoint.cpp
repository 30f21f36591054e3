#include "admin_endpoint.hpp"

#include <secondwind/base/build.hpp>
#include <secondwind/base/log.hpp>

#include <boost/system/system_error.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace secondwind::app {

using admin::audience;

net::tls_context_ptr admin_tls(config::admin const& settings) {
    auto const& files = settings.certificate;
    return settings.listen ? net::tls_context::for_listener(files.certificate_file, files.key_file)
                           : nullptr;
}

admin_endpoint::admin_endpoint(config::current_settings& settings, proxy::server& server,
                               reloader& reload, bool chosen)
    : settings_{settings}, server_{server}, reload_{reload}, results_{settings,
                                                                      server.shared().hosts},
      pins_{settings}, own_{settings, server}, chosen_{chosen} {
    results_.read();
    pins_.read();
    if (!pins_.pins().empty()) {
        auto with_pins = *settings;
        pins_.add_to(with_pins);
        settings.replace(std::move(with_pins));
    }
    reload.amend_with([this](config::settings& fresh) { pins_.add_to(fresh); });
    log::keep_recent(admin::most_log_lines, admin::most_log_bytes);
    reload.add_part([this](config::settings const& fresh) { return prepare(fresh); });
}

admin::sources admin_endpoint::sources() {
    auto& context = server_.shared();
    auto state = [this] {
        auto const& shared = server_.shared();
        return admin::proxy_state{config::to_string(proxy::address_of(server_.local_endpoint())),
                                  server_.sessions(),
                                  server_.client_limit(),
                                  shared.budget.used(),
                                  shared.draining,
                                  shared.waiting.size()};
    };
    return {
        context.io,
        context.deadlines,
        settings_,
        context.traffic,
        context.exchanges,
        context.requests,
        context.history,
        context.ledger,
        context.hosts,
        context.router,
        state,
        [this] { return reload_all(); },
        [this](auto const& host, auto const& document) { return results_.keep(host, document); },
        std::string{base::version()},
        [this] { return reload_.entries(); },
        [this] { return pins_.pins(); },
        [this](std::vector<std::string> pins) { return pins_.keep(std::move(pins)); },
        [this] { return pins_.place(); },
        [this](admin::own_request request) { return own_.ask(std::move(request)); }};
}

std::optional<std::string> admin_endpoint::start(net::tls_context_ptr tls) {
    auto const& settings = settings_->admin;
    std::optional<std::string> fault;
    if (!settings.listen && !settings.probe_listen)
        return fault;
    auto server = std::make_unique<admin::server>(sources());
    server->set_tls(std::move(tls));
    if (settings.listen)
        fault = open(*server, audience::operators, *settings.listen);
    if (!fault && settings.probe_listen)
        fault = open(*server, audience::probes, *settings.probe_listen);
    if (fault)
        return fault;
    admin_ = std::move(server);
    log_addresses();
    return fault;
}

// Why the program cannot start, if it cannot.
std::optional<std::string> admin_endpoint::open(admin::server& server, audience whose,
                                                config::endpoint const& listen) const {
    auto const address = config::to_string(listen);
    try {
        server.move_to(whose, admin::open_listener(server_.shared().io, listen));
    } catch (boost::system::system_error const& e) {
        auto const reason = e.code().message();
        if (whose == audience::probes)
            return fmt::format("the probe listener cannot listen on {}: {}. Set "
                               "admin.probe_listen to another address, or to \"off\".",
                               address, reason);
        if (chosen_)
            return fmt::format("the admin listener cannot listen on {}: {}. Choose another "
                               "address with --admin ADDR:PORT, or turn it off with --admin off.",
                               address, reason);
        // Usually a second secondwind. The data port matters more than the admin listener.
        log::write(log::level::warn, "admin_unavailable",
                   {{"listen", address},
                    {"error", reason},
                    {"advice", "choose another address with --admin ADDR:PORT"}});
    }
    return {};
}

void admin_endpoint::log_addresses() const {
    if (auto const listen = address())
        log::write(log::level::info, "admin_listening", {{"listen", config::to_string(*listen)}});
    if (auto const listen = address(audience::probes))
        log::write(log::level::info, "probe_listening", {{"listen", config::to_string(*listen)}});
}

std::function<void()> admin_endpoint::prepare(config::settings const& fresh) {
    auto const tls = admin_tls(fresh.admin);
    // One for each listener that changes; without an acceptor, it closes.
    struct move {
        audience whose;
        std::shared_ptr<net::acceptor> acceptor; // shared, because a std::function must be copyable
    };
    std::vector<move> moves;
    auto const compare = [&](audience whose, std::optional<config::endpoint> const& before,
                             std::optional<config::endpoint> const& after) {
        if (before == after)
            return;
        auto& next = moves.emplace_back(move{whose, nullptr});
        if (!after)
            return;
        bool const probes = whose == audience::probes;
        try {
            next.acceptor = std::make_shared<net::acceptor>(
                admin::open_listener(server_.shared().io, *after, admin_.get()));
        } catch (boost::system::system_error const& e) {
            throw std::runtime_error{
                fmt::format("the {} listener cannot listen on {}: {}. Set {} to another address.",
                            probes ? "probe" : "admin", config::to_string(*after),
                            e.code().message(), probes ? "admin.probe_listen" : "admin.listen")};
        }
    };
    compare(audience::operators, settings_->admin.listen, fresh.admin.listen);
    compare(audience::probes, settings_->admin.probe_listen, fresh.admin.probe_listen);
    // The admin server stays even while it listens nowhere: it keeps its counters and its events.
    return [this, moves, tls] {
        if (!admin_ && !moves.empty())
            admin_ = std::make_unique<admin::server>(sources());
        if (admin_)
            admin_->set_tls(tls);
        for (auto const& each : moves)
            admin_->move_to(each.whose, each.acceptor ? std::optional{std::move(*each.acceptor)}
                                                      : std::nullopt);
        if (!moves.empty())
            log_addresses();
    };
}

std::optional<config::endpoint> admin_endpoint::address(audience whose) const {
    auto const endpoint = admin_ ? admin_->listens_at(whose) : std::nullopt;
    return endpoint ? std::optional{proxy::address_of(*endpoint)} : std::nullopt;
}

void admin_endpoint::reload() {
    auto const result = reload_all();
    if (admin_)
        admin_->announce_reload(result.changed, result.error.empty());
}

admin::reload_result admin_endpoint::reload_all() {
    auto result = reload_.run();
    results_.read(); // hosts may be new
    return result;
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
