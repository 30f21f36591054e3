// `secondwind lab`: which models a host has, which context really works, and how fast each is.
#pragma once

#include <secondwind/base/console.hpp>
#include <secondwind/cli/lab_command.hpp>
#include <secondwind/config/config.hpp>

#include <functional>
#include <string>

namespace secondwind::lab {

using cli::lab_command;
using cli::lab_verb;

// What came of giving results to a running proxy.
struct publication {
    bool reached = false; // it runs, and has the host
    std::string error{};  // a sentence; empty: it has taken them
};
// Gives a running proxy the results of the host with this URL, as a document for POST
// /api/hosts/{name}/results. It may block for some seconds.
using publisher =
    std::function<publication(std::string const& host_url, std::string const& document)>;

// Runs the command and returns the exit code: 0; 1 if it failed; 2 if its arguments are wrong; 3 if
// a model works at no context; 75 if the host or the registry is in use; 130 if ^C has ended it.
// Throws config::config_error for settings that cannot be used.
int run_lab(config::settings settings, lab_command command, publisher const& publish,
            console const& console);

} // namespace secondwind::lab
