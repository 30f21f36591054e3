#include "place.hpp"

#include <secondwind/registry/store.hpp>

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

std::filesystem::path registry_place(std::string const& given) {
    if (!given.empty())
        return given;
    auto state = directory_in("XDG_STATE_HOME");
    if (state.empty())
        if (auto const home = directory_in("HOME"); !home.empty())
            state = home / ".local" / "state";
    if (state.empty())
        throw registry::registry_error{
            registry::registry_error::kind::unusable,
            "there is no place for the registry, because neither XDG_STATE_HOME nor HOME is set: "
            "give its file with --registry FILE"};
    return state / "secondwind" / "registry.db";
}

std::string boot_id() {
    std::ifstream file{"/proc/sys/kernel/random/boot_id"};
    std::string id;
    std::getline(file, id);
    return id;
}

} // namespace secondwind::lab
