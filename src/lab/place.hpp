// Where the registry is, and on which machine the lab runs.
#pragma once

#include <filesystem>
#include <string>

namespace secondwind::lab {

// `given`, else $XDG_STATE_HOME/secondwind/registry.db, else ~/.local/state/secondwind/registry.db.
// Throws registry_error if none of these is known.
std::filesystem::path registry_place(std::string const& given);

// Changes with each boot; empty if unknown.
std::string boot_id();

} // namespace secondwind::lab
