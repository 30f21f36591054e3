// Decides whether a request goes to its host now.
#pragma once

#include <cstdint>
#include <string_view>

namespace secondwind::policy {

// What the host's gate is in: because of the one exchange that is being made room for, or of a lab.
enum class gate : std::uint8_t {
    open,      // there is none
    planning,  // it is asked which models are loaded
    waiting,   // until its targets are idle
    closed,    // models are being unloaded for it
    replaying, // it was sent, and whether its model loads is not known yet
    leased     // a lab uses the host alone
};
std::string_view to_string(gate g) noexcept;

// What a request asks for.
enum class wish : std::uint8_t {
    nothing,     // it uses no model
    pinned,      // an instance that never goes
    resident,    // one that was loaded a moment ago
    loaded,      // one that is no target
    held_target, // a target, while the window is closed
    free_target, // a target, while the window is open
    loading,     // a model that another request is loading
    crumb,       // a model that is not loaded, and too small to matter
    futile,      // one that does not fit, so its request is refused at once
    first,       // one that is not loaded, and whose line comes first
    later        // one that is not loaded, and whose line does not
};
std::string_view to_string(wish w) noexcept;

enum class admission : std::uint8_t {
    pass,
    wait_for_plan,   // until it is known what is in the way
    wait_for_target, // the model is about to be unloaded, once it is idle
    wait_for_unload, // until the replay is sent
    wait_for_load,   // until the model is loaded, by a request that came earlier
    wait_in_line,    // until those that came earlier have had their turn
    wait_for_lab     // until the lab has given the host back
};
std::string_view to_string(admission a) noexcept;

// The whole table; docs/design.md prints it.
admission admit(wish w, gate g) noexcept;

} // namespace secondwind::policy
