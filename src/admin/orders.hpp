// What the bodies of actions order. Pure.
#pragma once

#include <secondwind/config/config.hpp>

#include <string>
#include <string_view>

namespace secondwind::admin {

// Each reads a body that must be one JSON object with just the members that it knows, and gives the
// complaint as a sentence that says what was expected, or nothing.

struct unload_order {
    std::string instance_id; // empty: all of them
};
std::string read_order(std::string_view body, unload_order& into);

struct mode_order {
    config::recovery_mode mode = config::recovery_mode::on;
};
std::string read_order(std::string_view body, mode_order& into);

// For an action that needs to know no more: {}.
std::string read_empty_order(std::string_view body);

} // namespace secondwind::admin
