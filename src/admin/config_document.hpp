// The configuration in force, as the admin listener shows it. Pure.
#pragma once

#include <secondwind/config/builder.hpp>
#include <secondwind/config/config.hpp>

#include <string>
#include <vector>

namespace secondwind::admin {

// {"settings":[{"key":...,"value":...,"source":...}]}, in the order of the configuration file. The
// values are those in force, and those of secrets are "***"; `read` are the entries as the
// configuration was last read. Where the two differ, an operator has changed the value since.
std::string config_document(std::vector<config::builder::entry> const& read,
                            config::settings const& in_force);

} // namespace secondwind::admin
