// Whether a host is up, judged from what was seen of it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::host {

enum class host_state : std::uint8_t {
    unknown, // nothing was seen of it yet
    up,
    down
};
std::string_view to_string(host_state s) noexcept;

// What was seen of a host.
enum class sign : std::uint8_t {
    connected,   // it took a connection
    answered,    // it answered a call
    unreachable, // it took no connection
    mute         // it took one, and did not answer
};

class host_health {
public:
    using time_point = std::chrono::system_clock::time_point;

    // `why` is one clause, for the signs of a host that is down. True if the state has changed, or
    // why it is down. A host that hangs still takes connections, for its kernel does: one that was
    // mute is up again only when it has answered.
    bool note(sign s, std::string why, time_point now);

    host_state state() const noexcept { return state_; }
    bool up() const noexcept { return state_ == host_state::up; }
    // When the state began; nothing while it is unknown.
    std::optional<time_point> since() const noexcept { return since_; }
    std::string const& why() const noexcept { return why_; } // empty but for one that is down

private:
    host_state state_ = host_state::unknown;
    std::optional<time_point> since_;
    std::string why_;
    bool mute_ = false;
};

} // namespace secondwind::host
