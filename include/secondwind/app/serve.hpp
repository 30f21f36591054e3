// `secondwind serve`: runs the proxy until a signal stops it.
#pragma once

#include <secondwind/config/builder.hpp>

#include <functional>

namespace secondwind::app {

// `admin_chosen`: the user has set admin.listen, so a failure to listen there is fatal.
// `read_settings` returns all layers as they are now, for a reload, and throws
// config::config_error.
//
// Returns the process's exit code: 0 after a drain, 1 after a forced stop. Throws
// proxy::listen_error, and config::config_error if a TLS file cannot be used.
int serve(config::builder const& layers, bool admin_chosen,
          std::function<config::builder()> read_settings);

} // namespace secondwind::app
