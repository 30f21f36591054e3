// The command line that Windows keeps for a program.
#pragma once

#include <span>
#include <string>

namespace secondwind::app {

// One line from which CommandLineToArgvW makes these arguments again.
std::string quoted_arguments(std::span<std::string const> arguments);

} // namespace secondwind::app
