// The JSON bodies of actions. Pure.
#pragma once

#include <secondwind/config/config.hpp>

#include <cstdint>
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

struct evict_request {
    policy::evict evict = policy::evict::enough;
};
std::string read_action(std::string_view body, evict_request& into);

// For a pin and its end: a key of a model, or a pattern as in recovery.pinned.
struct pin_request {
    std::string model;
};
std::string read_action(std::string_view body, pin_request& into);

struct load_request {
    std::string model;
    std::uint64_t context_length = 0; // 0: the default of LM Studio
};
std::string read_action(std::string_view body, load_request& into);

// A chat with one message.
struct try_request {
    std::string model;
    std::string prompt;
};
std::string read_action(std::string_view body, try_request& into);

// For an action without parameters: {}.
std::string read_empty_action(std::string_view body);

} // namespace secondwind::admin
