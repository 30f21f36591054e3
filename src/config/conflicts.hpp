// What settings that are each well by themselves say against each other.
#pragma once

#include <secondwind/config/config.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

struct conflict {
    std::vector<std::string_view> culprits; // keys; the first that a layer has given is to blame
    std::string complaint;                  // a clause that says what to do
};

// The first that is found, or nothing.
std::optional<conflict> find_conflict(settings const& all);

} // namespace secondwind::config
