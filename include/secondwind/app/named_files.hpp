// The files that the configuration names.
#pragma once

#include <secondwind/config/builder.hpp>

#include <string>
#include <vector>

namespace secondwind::app {

// Loads the certificates, keys and CA files that the settings name, as the start does. Returns the
// faults, each with the place of the setting.
std::vector<std::string> faults_of_files(config::builder const& settings);

// What secondwind writes: log.file and recovery.ledger_file. Returns the faults of those that this
// process could not open for writing, without creating anything. The start itself fails for the
// same reasons; it creates the directory of the log.
std::vector<std::string> faults_of_written_files(config::builder const& settings);

} // namespace secondwind::app
