// The admin listener beside a proxy, as the settings ask for it.
#pragma once

#include <secondwind/admin/server.hpp>
#include <secondwind/app/reloader.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/proxy/server.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace secondwind::app {

// With which it speaks TLS, if it does. Throws net::tls_error.
net::tls_context_ptr admin_tls(config::admin const& how);

class admin_door {
public:
    // All must outlive it. `chosen`: somebody has set admin.listen, so that it must work.
    admin_door(config::settings& settings, proxy::server& server, reloader& reload, bool chosen);

    // Binds and listens after the server does. Returns false, having said why on standard error,
    // where that fails and was chosen; at the default address the log says so, and there is none.
    // Speaks TLS if that is given.
    bool start(net::tls_context_ptr tls = {});

    // Where it listens; nothing where there is none.
    std::optional<config::endpoint> where() const;

    // As the admin listener's own action does.
    void reload();

    void draining();
    // Ends it, and completes when nothing of it runs any more.
    net::task<void> end();

private:
    admin::subject subject();
    std::function<void()> prepare(config::settings const& fresh);
    void announce() const;

    config::settings& settings_;
    proxy::server& server_;
    reloader& reload_;
    bool chosen_;
    std::unique_ptr<admin::server> open_; // from its first listener on
};

} // namespace secondwind::app
