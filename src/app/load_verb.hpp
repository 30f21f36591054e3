// `secondwind load`: a client of the data port.
#pragma once

#include <secondwind/app/operator.hpp>

namespace secondwind::app {

// Loads a model through LM Studio's REST API (0.4.0 or later), unless it is loaded already: LM
// Studio would load it a second time. Returns the exit code.
int load_model(operator_command const& command, console const& console);

} // namespace secondwind::app
