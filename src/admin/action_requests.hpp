// The JSON bodies of actions. Pure.
#pragma once

#include <secondwind/config/config.hpp>

#include <string>
#include <string_view>

namespace secondwind::admin {

// Each function reads a body that must be one JSON object without unknown members. Returns an error
// as a sentence that says what was expected, or an empty string.

struct unload_request {
    std::string instance_id; // empty: all instances
};
std::string read_action(std::string_view body, unload_request& into);

struct mode_request {
    config::recovery_mode mode = config::recovery_mode::on;
};
std::string read_action(std::string_view body, mode_request& into);

// For an action without parameters: {}.
std::string read_empty_action(std::string_view body);

} // namespace secondwind::admin
