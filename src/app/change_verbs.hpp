// `secondwind cancel`, `mode`, `evict`, `pin` and `unpin`.
#pragma once

#include <secondwind/app/operator.hpp>

namespace secondwind::app {

// Asks the server for the change and prints what it has done. Returns the exit code.
int change(operator_command const& command, console const& console);

} // namespace secondwind::app
