// Where the registry is, and on which machine the lab runs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace secondwind::lab {

// Where programs keep what a user does not edit.
struct state_directory {
    std::filesystem::path path{}; // empty if it is unknown
    std::string_view fault{};     // why, as a clause
};
// $XDG_STATE_HOME, else ~/.local/state; on Windows %LOCALAPPDATA%.
state_directory directory_of_state();

// `given`, else secondwind/registry.db in the directory of state.
// Throws registry_error if none of these is known.
std::filesystem::path registry_place(std::string const& given);

// Changes with each boot; empty if unknown.
std::string boot_id();

} // namespace secondwind::lab
