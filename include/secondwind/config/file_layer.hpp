// What a configuration file assigns, each with its place.
#pragma once

#include <secondwind/config/json_tree.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

struct assignment {
    std::string key;   // a name of the table of keys
    std::string value; // as text that the key takes
    text_position where;
};

// Reads the file's text; its structure is checked here (unknown and repeated keys, the JSON type of
// each value, the list of upstreams), and the values of scalar keys where they are assigned. Throws
// config_error. `name` is the file's name in messages.
std::vector<assignment> read_file_layer(std::string_view text, std::string const& name);

// "secondwind.json:12:5"
std::string place(std::string const& name, text_position where);

} // namespace secondwind::config
