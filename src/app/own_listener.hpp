// Requests of operators to the listener for clients of this same process, so that they are served
// as those of clients are: routed, recovered, counted and logged.
#pragma once

#include <secondwind/admin/sources.hpp>
#include <secondwind/config/current_settings.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/server.hpp>

namespace secondwind::app {

class own_listener {
public:
    // Both must outlive it. Makes a key that only this object knows, which the listener accepts
    // where clients need one.
    own_listener(config::current_settings& settings, proxy::server& server);

    net::task<admin::own_answer> ask(admin::own_request request);

private:
    config::current_settings& settings_;
    proxy::server& server_;
    std::string key_;
};

} // namespace secondwind::app
