#include <secondwind/app/service.hpp>

#include "admin_endpoint.hpp"
#include "lifetime.hpp"
#include "recorder.hpp"
#include "reloader.hpp"

#include <utility>

namespace secondwind::app {

struct service::parts {
    parts(net::asio::io_context& loop, config::current_settings& s, bool admin_chosen, reader read,
          std::vector<config::builder::entry> entries)
        : io{loop}, settings{s}, server{io, settings}, reload{settings, server, std::move(read),
                                                              std::move(entries)},
          record{settings, server.shared(), reload}, admin{settings, server, reload, admin_chosen} {
    }

    net::asio::io_context& io;
    config::current_settings& settings;
    proxy::server server;
    reloader reload;
    recorder record;
    admin_endpoint admin;
    std::optional<lifetime> life;
};

service::service(net::asio::io_context& io, config::current_settings& settings, bool admin_chosen,
                 reader read_settings, std::vector<config::builder::entry> entries)
    : parts_{std::make_unique<parts>(io, settings, admin_chosen, std::move(read_settings),
                                     std::move(entries))} {}

service::~service() = default;

std::optional<std::string> service::start() {
    auto& p = *parts_;
    // Loaded before anything starts, so that an unusable file changes nothing.
    auto const tls = admin_tls(p.settings->admin);
    p.server.start();
    if (auto fault = p.admin.start(tls))
        return fault;
    p.record.start();
    p.life.emplace(p.io, p.server, p.admin, p.settings);
    return {};
}

void service::abandon() {
    auto until_stopped = [](proxy::server& s, net::asio::io_context& loop) -> net::task<void> {
        co_await s.stopped();
        loop.stop();
    };
    parts_->server.abort();
    net::spawn(until_stopped(parts_->server, parts_->io));
    parts_->io.run();
}

proxy::server& service::server() noexcept {
    return parts_->server;
}

std::optional<config::endpoint> service::admin_address() const {
    return parts_->admin.address();
}

net::task<void> service::ended() {
    co_await parts_->life->ended();
    parts_->record.stop();
}

void service::stop(std::string_view reason) {
    parts_->life->stop(reason);
}

bool service::forced() const noexcept {
    return parts_->life->forced();
}

} // namespace secondwind::app
