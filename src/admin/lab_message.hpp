// The messages of the WebSocket /lab: JSON objects with a "type". Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

inline constexpr std::size_t largest_lab_message = 16 * 1024;

enum class lab_word : std::uint8_t {
    want,     // it waits for the lease
    working,  // it is there, and probes the model `text`
    loaded,   // the instance `text` is its own
    unloaded, // and is gone
    released  // it does not need the lease any more
};

// What a lab says.
struct lab_message {
    lab_word word = lab_word::want;     // the "type"
    bool exclusive = false;             // want
    std::chrono::milliseconds quiet{0}; // want
    std::string text{};
};

// Returns an error as a clause, or an empty string. Unknown members are ignored, so that a newer
// lab can say more.
std::string read_lab_message(std::string_view text, lab_message& into);

// What the proxy says.
std::string granted_message();
std::string wanted_message(std::vector<std::string> const& models);
std::string ended_message(std::string_view reason);

} // namespace secondwind::admin
