// Decides how an exchange goes on after an attempt.
#pragma once

#include <secondwind/policy/verdict.hpp>

#include <cstdint>
#include <string_view>

namespace secondwind::policy {

// What an exchange does next.
enum class next_step : std::uint8_t {
    relay,        // give the client this answer
    await_replay, // wait for a recovery that runs, if one does, then replay
    replay,       // replay at once: the host was recovered since this attempt began
    join,         // a recovery runs: await it, then replay or relay by its outcome
    lead          // start a recovery, then as join
};
std::string_view to_string(next_step s) noexcept;

// All that the decision depends on.
struct attempt_state {
    policy::verdict verdict = verdict::healthy;
    bool recovery_on = true;   // recovery.mode
    bool replayable = true;    // the body is kept whole
    unsigned replays_left = 1; // of recovery.max_replays
    bool epoch_moved = false;  // a recovery of the host finished since the attempt began
    bool recovery_running = false;
};

// A pure table: healthy, crashes and other errors are relayed; curable ones are cured at most
// `replays_left` times.
next_step decide_next(attempt_state const& state) noexcept;

} // namespace secondwind::policy
