// What an argument that the command line does not know most likely means.
#pragma once

#include <CLI/App.hpp>

#include <string>
#include <vector>

namespace secondwind::cli {

// After a failed parse: a clause about the first argument that was not expected, with the nearest
// flag or verb. Nothing if every argument was expected.
std::string unexpected_argument(CLI::App const& app);

// A clause about the first of these words that is no verb below the ones before it, or nothing.
std::string unknown_verb(CLI::App const& app, std::vector<std::string> const& verbs);

} // namespace secondwind::cli
