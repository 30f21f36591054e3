// `secondwind doctor`: asks each host whether recoveries will work on it.
#pragma once

#include <secondwind/app/operator.hpp>
#include <secondwind/config/config.hpp>

namespace secondwind::app {

// Asks each upstream, without a running secondwind, and prints the findings. Nothing is loaded and
// nothing is unloaded: the unload that it asks for names an instance that cannot exist. If a
// secondwind runs at admin.listen, it is asked what it has seen. `as_json`: prints the findings as
// one JSON object. Returns the exit code: 0 if recovery will work on all hosts, 1 if on one it
// cannot.
int run_doctor(config::settings settings, bool as_json, console const& console);

} // namespace secondwind::app
