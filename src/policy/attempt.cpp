#include <secondwind/policy/attempt.hpp>

namespace secondwind::policy {

std::string_view to_string(next_step s) noexcept {
    switch (s) {
    case next_step::relay:
        return "relay";
    case next_step::await_replay:
        return "await_replay";
    case next_step::replay:
        return "replay";
    case next_step::join:
        return "join";
    case next_step::lead:
        return "lead";
    }
    return {};
}

next_step decide_next(attempt_state const& state) noexcept {
    if (!state.recovery_on || !state.replayable || state.replays_left == 0)
        return next_step::relay;

    switch (state.verdict) {
    case verdict::unloaded_in_flight:
        // Somebody else's unload caused it, so there is nothing to free, and nothing to lead.
        return next_step::await_replay;
    case verdict::insufficient_memory:
    case verdict::suspected_memory:
    case verdict::cache_corruption:
        // The epoch comes first: what this attempt saw was cured already, and a recovery that runs
        // by now cures something newer. To lead another one would unload what a replay just loaded.
        if (state.epoch_moved)
            return next_step::replay;
        return state.recovery_running ? next_step::join : next_step::lead;
    case verdict::healthy:
    case verdict::model_crash:
    case verdict::other_error:
        break;
    }
    return next_step::relay;
}

} // namespace secondwind::policy
