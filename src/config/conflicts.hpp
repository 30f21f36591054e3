// Conflicts between settings that are each valid by themselves.
#pragma once

#include <secondwind/config/config.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

struct conflict {
    std::vector<std::string_view>
        culprits;          // keys; the message points at the first one that a layer has set
    std::string complaint; // a clause that says what to do
};

std::vector<conflict> find_conflicts(settings const& all);

} // namespace secondwind::config
