// The actions of operators: POST below /api/.
#pragma once

#include "message.hpp"
#include "routes.hpp"
#include <secondwind/admin/sources.hpp>
#include <secondwind/net/task.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

// The reply to a request that names a host which is not there.
reply no_such_host(std::string_view name);

class actions {
public:
    // `sources` must outlive it. `announce` is called with the keys of the settings that an action
    // has changed.
    actions(sources& sources, std::function<void(std::vector<std::string> const&)> announce)
        : sources_{sources}, announce_{std::move(announce)} {}

    // Refuses if admin.allow_actions is not set. `destination` must be an action.
    net::task<reply> run(destination destination, request request);

private:
    class unload_turn;

    net::task<reply> unload(std::string name, request request);
    reply keep_results(std::string_view name, request const& request);
    reply drain(std::string_view name, bool on, request const& request);
    net::task<reply> unload_from(host::host& host, std::string instance_id);
    net::task<reply> load(std::string name, request request);
    reply cancel(std::string_view number, request const& request);
    reply reload(request const& request);

    sources& sources_;
    std::function<void(std::vector<std::string> const&)> announce_;
};

} // namespace secondwind::admin
