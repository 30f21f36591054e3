// `secondwind doctor`: asks each host whether recoveries will work on it.
#pragma once

#include <secondwind/app/operator.hpp>
#include <secondwind/config/config.hpp>

#include <string>
#include <vector>

namespace secondwind::app {

struct doctor_command {
    bool json = false;                 // print the findings as one JSON object
    std::vector<std::string> models{}; // two for a trial, or none
    std::string report_file{};         // of the trial; empty: one in the current directory
    bool yes = false;                  // try without confirmation
};

// Asks each upstream, without a running secondwind, and prints the findings. Nothing is loaded and
// nothing is unloaded: the unload that it asks for names an instance that cannot exist. If a
// secondwind runs at admin.listen, it is asked what it has seen.
//
// With two models, it asks for confirmation and then makes a trial on the default host: it asks for
// an answer of each model, which loads them. If there is not enough memory for both, a recovery
// unloads others. The host's answers go to a new file, without secrets.
//
// Returns the exit code: 0 if recovery will work on all hosts, 1 if on one it cannot or the trial
// failed, 2 if there is no terminal to confirm the trial.
int run_doctor(config::settings settings, doctor_command const& command, console const& console);

} // namespace secondwind::app
