#include "exposure.hpp"
#include <secondwind/base/log.hpp>
#include <secondwind/config/config.hpp>

namespace secondwind::app {

void tell_exposure(config::settings const& settings) {
    if (auto const open = config::open_to_network(settings); !open.empty())
        log::write(log::level::warn, "open_to_network",
                   {{"listen", open}, {"advice", config::close_to_network}});
}

} // namespace secondwind::app
