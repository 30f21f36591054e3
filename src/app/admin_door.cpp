#include <secondwind/app/admin_door.hpp>
#include <secondwind/base/log.hpp>

#include <boost/system/system_error.hpp>

#include <string>

#include <fmt/format.h>

namespace secondwind::app {

namespace {

config::endpoint told(net::endpoint const& at) {
    return {at.address().to_string(), at.port()};
}

} // namespace

admin_door::admin_door(config::settings& settings, proxy::server& server, reloader& reload,
                       bool chosen)
    : settings_{settings}, server_{server}, reload_{reload}, chosen_{chosen} {}

admin::subject admin_door::subject() {
    auto& context = server_.shared();
    auto state = [this] {
        auto const& shared = server_.shared();
        return admin::proxy_state{config::to_string(told(server_.local_endpoint())),
                                  server_.sessions(), shared.budget.used(), shared.draining};
    };
    return {context.io,
            context.deadlines,
            settings_,
            context.traffic,
            context.exchanges,
            context.ledger,
            {&context.host},
            state,
            [this] { return reload_.run(); },
            SECONDWIND_VERSION};
}

bool admin_door::start() {
    if (!settings_.admin.listen)
        return true;
    auto const at = config::to_string(*settings_.admin.listen);
    auto opened = std::make_unique<admin::server>(subject());
    try {
        opened->start();
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
                    {"why", e.code().message()},
                    {"advice", "choose another address with --admin ADDR:PORT"}});
        return true;
    }
    open_ = std::move(opened);
    log::write(log::level::info, "admin_listening", {{"listen", config::to_string(*where())}});
    return true;
}

std::optional<config::endpoint> admin_door::where() const {
    return open_ ? std::optional{told(open_->local_endpoint())} : std::nullopt;
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
