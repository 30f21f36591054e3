// The files that the configuration names.
#pragma once

#include <secondwind/config/builder.hpp>

#include <string>
#include <vector>

namespace secondwind::app {

// Loads the certificates, keys and CA files that the settings name, as the start does. Returns the
// faults, each with the place of the setting.
std::vector<std::string> faults_of_files(config::builder const& settings);

} // namespace secondwind::app
