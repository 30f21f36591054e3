// Whether a host is up, judged from what was observed. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::host {

enum class host_state : std::uint8_t {
    unknown, // nothing was observed yet
    up,
    down
};
std::string_view to_string(host_state s) noexcept;

// What was observed of a host.
enum class observation : std::uint8_t {
    connected,   // it accepted a connection
    answered,    // it answered a call
    unreachable, // it accepted no connection
    no_answer    // it accepted one, and did not answer
};

class host_health {
public:
    using time_point = std::chrono::system_clock::time_point;

    // `reason` is one clause, for observations of a host that is down. True if the state or the
    // reason has changed. A host that hangs still accepts connections, because its kernel does:
    // after `no_answer` it is up again only when it has answered.
    bool note(observation seen, std::string reason, time_point now);

    host_state state() const noexcept { return state_; }
    bool up() const noexcept { return state_ == host_state::up; }
    // When the state began; nothing while it is unknown.
    std::optional<time_point> since() const noexcept { return since_; }
    std::string const& reason() const noexcept { return reason_; } // empty unless it is down

private:
    host_state state_ = host_state::unknown;
    std::optional<time_point> since_;
    std::string reason_;
    bool no_answer_ = false;
};

} // namespace secondwind::host
