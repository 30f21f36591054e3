// `secondwind lab`: which models a host has, which context really works, and how fast each is.
#pragma once

#include <secondwind/base/console.hpp>
#include <secondwind/cli/lab_command.hpp>
#include <secondwind/config/config.hpp>

namespace secondwind::lab {

using cli::lab_command;
using cli::lab_verb;

// Runs the command and returns the exit code: 0; 1 if it failed; 2 if its arguments are wrong; 3 if
// a model works at no context; 75 if the host or the registry is in use; 130 if ^C has ended it.
// Throws config::config_error for settings that cannot be used.
int run_lab(config::settings settings, lab_command const& command, console const& console);

} // namespace secondwind::lab
