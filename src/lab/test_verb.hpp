// The verbs that ask a host: scan, test and clean.
#pragma once

#include <secondwind/base/console.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/lab/lab.hpp>

namespace secondwind::lab {

int scan_hosts(config::settings settings, lab_command const& command, console const& console);
int test_models(config::settings settings, lab_command const& command, publisher const& publish,
                console const& console);
int clean_host(config::settings settings, lab_command const& command, console const& console);

} // namespace secondwind::lab
