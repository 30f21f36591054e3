// `secondwind serve`: runs the proxy until a signal stops it.
#pragma once

#include <secondwind/config/config.hpp>

#include <functional>

namespace secondwind::app {

// `admin_chosen`: the user has set admin.listen, so a failure to listen there is fatal.
// `read_settings` returns the current settings for a reload, and throws config::config_error.
//
// Returns the process's exit code: 0 after a drain, 1 after a forced stop. Throws
// proxy::listen_error, and config::config_error if a TLS file cannot be used.
int serve(config::settings settings, bool admin_chosen,
          std::function<config::settings()> read_settings);

} // namespace secondwind::app
