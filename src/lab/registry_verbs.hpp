// The verbs that only need the registry.
#pragma once

#include <secondwind/base/console.hpp>
#include <secondwind/lab/lab.hpp>

namespace secondwind::lab {

int list_models(lab_command const& command, console const& console);
int show_model(lab_command const& command, console const& console);
int show_health(lab_command const& command, console const& console);
int make_backup(lab_command const& command, console const& console);
int restore_backup(lab_command const& command, console const& console);
int forget_models(lab_command const& command, console const& console);
int export_results(lab_command const& command, console const& console);
int import_results(lab_command const& command, console const& console);

} // namespace secondwind::lab
