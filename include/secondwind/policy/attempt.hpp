// Decides how an exchange goes on after an attempt.
#pragma once

#include <secondwind/policy/verdict.hpp>

#include <cstdint>
#include <string_view>

namespace secondwind::policy {

// What an exchange does next.
enum class next_step : std::uint8_t {
    relay,        // give the client this answer
    await_replay, // wait until it is admitted again, then replay
    replay,       // replay at once: the host was recovered since this attempt began
    join,         // a recovery runs: wait for its end or for a turn, then replay or lead
    lead,         // start a recovery, and replay when it says so
    go_on,        // the recovery that it leads goes on: as lead
    heal          // the request cannot be replayed: recover for the next one, then relay
};
std::string_view to_string(next_step s) noexcept;

// What to do for a model that has crashed (recovery.on_crash).
enum class on_crash : std::uint8_t {
    off,    // relay the error
    replay, // send the request once more
    reload  // unload that model first
};
std::string_view to_string(on_crash c) noexcept;

// All that the decision depends on.
struct attempt_state {
    policy::verdict verdict = verdict::healthy;
    bool recovery_on = true;   // recovery.mode is not off
    bool replayable = true;    // the body is kept whole
    unsigned replays_done = 0; // of this exchange, as far as they count
    unsigned max_replays = 1;  // recovery.max_replays
    policy::on_crash on_crash = policy::on_crash::off;
    bool leading = false; // this was the replay of a recovery that is not over
    // A recovery of the host that finished since the attempt began unloaded its broken model.
    bool cured_since = false;
    bool recovery_running = false;
};

// A pure table: healthy, other errors and (as on_crash says) crashes are relayed; curable ones are
// cured while a replay is left. A load that was refused costs no replay, as long as a recovery is
// not at its end; but with max_replays 0 nothing is ever replayed. Any other replay after the first
// needs an unload: one that unloads nothing is tried only once.
next_step decide_next(attempt_state const& state) noexcept;

} // namespace secondwind::policy
