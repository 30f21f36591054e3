#include "calls.hpp"

namespace secondwind::lab {

std::vector<loaded_instance> listing::loaded() const {
    std::vector<loaded_instance> all;
    for (auto const& m : models)
        all.insert(all.end(), m.loaded.begin(), m.loaded.end());
    return all;
}

std::vector<std::string> activity::busy() const {
    std::vector<std::string> ids;
    for (auto const& each : loaded)
        if (each.busy)
            ids.push_back(each.id);
    return ids;
}

} // namespace secondwind::lab
