#include <secondwind/app/admin_door.hpp>
#include <secondwind/base/log.hpp>

#include <boost/system/system_error.hpp>

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {

net::tls_context_ptr admin_tls(config::admin const& how) {
    auto const& files = how.certificate;
    return how.listen ? net::tls_context::for_listener(files.certificate_file, files.key_file)
                      : nullptr;
}

admin_door::admin_door(config::settings& settings, proxy::server& server, reloader& reload,
                       bool chosen)
    : settings_{settings}, server_{server}, reload_{reload}, chosen_{chosen} {
    reload.join([this](config::settings const& fresh) { return prepare(fresh); });
}

admin::subject admin_door::subject() {
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

bool admin_door::start(net::tls_context_ptr tls) {
    if (!settings_.admin.listen)
        return true;
    auto const at = config::to_string(*settings_.admin.listen);
    auto opened = std::make_unique<admin::server>(subject());
    try {
        opened->start(std::move(tls));
    } catch (boost::system::system_error const& e) {
        if (chosen_) {
            fmt::print(stderr,
                       "secondwind: the admin listener cannot listen on {}: {}. Choose another "
                       "address with --admin ADDR:PORT, or do without it with --admin off.\n",
                       at, e.code().message());
            return false;
        }
        // Another secondwind has it, as a rule. The data port is what this one is for.
        log::write(log::level::warn, "admin_unavailable",
                   {{"listen", at},
                    {"error", e.code().message()},
                    {"advice", "choose another address with --admin ADDR:PORT"}});
        return true;
    }
    open_ = std::move(opened);
    announce();
    return true;
}

void admin_door::announce() const {
    if (auto const at = where())
        log::write(log::level::info, "admin_listening", {{"listen", config::to_string(*at)}});
}

std::function<void()> admin_door::prepare(config::settings const& fresh) {
    auto const& wanted = fresh.admin.listen;
    auto const tls = admin_tls(fresh.admin);
    if (wanted == settings_.admin.listen)
        return [this, tls] {
            if (open_)
                open_->use(tls);
        };
    std::shared_ptr<net::acceptor> listener; // what is returned must be copyable
    if (wanted) {
        try {
            listener = std::make_shared<net::acceptor>(
                admin::open_listener(server_.shared().io, *wanted, open_.get()));
        } catch (boost::system::system_error const& e) {
            throw std::runtime_error{
                fmt::format("the admin listener cannot listen on {}: {}. Give admin.listen another "
                            "address.",
                            config::to_string(*wanted), e.code().message())};
        }
    }
    // What it has counted and told stays where it is, even while it listens nowhere.
    return [this, listener, tls] {
        if (!open_)
            open_ = std::make_unique<admin::server>(subject());
        open_->use(tls);
        open_->move_to(listener ? std::optional{std::move(*listener)} : std::nullopt);
        announce();
    };
}

std::optional<config::endpoint> admin_door::where() const {
    auto const at = open_ ? open_->listens_at() : std::nullopt;
    return at ? std::optional{proxy::address_of(*at)} : std::nullopt;
}

void admin_door::reload() {
    auto const result = reload_.run();
    if (open_)
        open_->reloaded(result.changed, result.error.empty());
}

void admin_door::draining() {
    if (open_)
        open_->draining();
}

net::task<void> admin_door::end() {
    if (!open_)
        co_return;
    open_->stop();
    co_await open_->stopped();
}

} // namespace secondwind::app
