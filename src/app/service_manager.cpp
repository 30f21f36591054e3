#include "service_manager.hpp"
#include "formatting.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace secondwind::app::service_manager {

std::string serving(config::settings const& settings, config::endpoint const& endpoint) {
    auto status = fmt::format("Serving {} on {}", counted(settings.upstreams.size(), "host"),
                              config::to_string(endpoint));
    auto const listeners = static_cast<std::uint64_t>(std::ranges::count_if(
        settings.upstreams, [](auto const& each) { return each.listen.has_value(); }));
    if (listeners > 0)
        status += fmt::format(" and {}", counted(listeners, "host listener", "host listeners"));
    return status;
}

std::string draining(std::size_t connections) {
    return "Draining " + counted(connections, "connection");
}

} // namespace secondwind::app::service_manager
