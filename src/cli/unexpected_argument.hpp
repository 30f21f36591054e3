// What an argument that the command line does not know most likely means.
#pragma once

#include <CLI/App.hpp>

#include <string>

namespace secondwind::cli {

// After a failed parse: a clause about the first argument that was not expected, with the nearest
// flag or verb. Nothing if every argument was expected.
std::string unexpected_argument(CLI::App const& app);

} // namespace secondwind::cli
