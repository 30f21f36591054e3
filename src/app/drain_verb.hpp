// `secondwind drain` and `secondwind undrain`.
#pragma once

#include <secondwind/app/operator.hpp>

namespace secondwind::app {

// Drains the host, or ends that. With command.wait it returns only when no exchange is left there.
// Returns the exit code.
int drain_host(operator_command const& command, console const& console);

} // namespace secondwind::app
