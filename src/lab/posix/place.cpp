#include "../place.hpp"

#include <cstdlib>
#include <fstream>

namespace secondwind::lab {
namespace {

// Relative paths in these variables are to be ignored (XDG Base Directory Specification).
std::filesystem::path directory_in(char const* variable) {
    auto const* value = std::getenv(variable);
    std::filesystem::path const path{value ? value : ""};
    return path.is_absolute() ? path : std::filesystem::path{};
}

} // namespace

state_directory directory_of_state() {
    constexpr std::string_view fault = "neither XDG_STATE_HOME nor HOME is set";
    if (auto const state = directory_in("XDG_STATE_HOME"); !state.empty())
        return {state, {}};
    if (auto const home = directory_in("HOME"); !home.empty())
        return {home / ".local" / "state", {}};
    return {{}, fault};
}

std::string boot_id() {
    std::ifstream file{"/proc/sys/kernel/random/boot_id"};
    std::string id;
    std::getline(file, id);
    return id;
}

} // namespace secondwind::lab
