// The assignments of a configuration file, each with its place.
#pragma once

#include "json_source.hpp"
#include <secondwind/config/keys.hpp>

#include <functional>
#include <string>
#include <vector>

namespace secondwind::config {

struct assignment {
    key const* setting;
    // Returns the complaint if the value cannot be used, or nothing.
    std::function<std::string(settings&)> apply;
    text_position position;
};

// Reads the file's text; its structure is checked here (unknown and repeated keys, the JSON type of
// each value, whole lists), and the values of scalar keys where they are applied. A list's secret
// is assigned with the list, and once more after it, only to record its place. Throws config_error.
std::vector<assignment> read_file_layer(json_source const& source);

} // namespace secondwind::config
