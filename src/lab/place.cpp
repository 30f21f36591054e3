#include "place.hpp"

#include <secondwind/base/path.hpp>
#include <secondwind/registry/store.hpp>

namespace secondwind::lab {

std::filesystem::path registry_place(std::string const& given) {
    if (!given.empty())
        return utf8_path(given);
    auto const state = directory_of_state();
    if (state.path.empty())
        throw registry::registry_error{registry::registry_error::kind::unusable,
                                       "there is no place for the registry, because " +
                                           std::string{state.fault} +
                                           ": give its file with --registry FILE"};
    return state.path / "secondwind" / "registry.db";
}

} // namespace secondwind::lab
