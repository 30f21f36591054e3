#include "calls.hpp"

namespace secondwind::lab {

std::vector<loaded_instance> listing::loaded() const {
    std::vector<loaded_instance> all;
    for (auto const& m : models)
        all.insert(all.end(), m.loaded.begin(), m.loaded.end());
    return all;
}

} // namespace secondwind::lab
