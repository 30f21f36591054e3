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
    case next_step::go_on:
        return "go_on";
    case next_step::heal:
        return "heal";
    }
    return {};
}

std::string_view to_string(on_crash c) noexcept {
    switch (c) {
    case on_crash::off:
        return "off";
    case on_crash::replay:
        return "replay";
    case on_crash::reload:
        return "reload";
    }
    return {};
}

namespace {

next_step unless_repeated(attempt_state const& state) noexcept {
    return state.replays_done == 0 ? next_step::await_replay : next_step::relay;
}

next_step by_unloading(attempt_state const& state) noexcept {
    // What this attempt saw was cured already. To lead another recovery would unload what a replay
    // just loaded.
    if (state.cured_since)
        return next_step::replay;
    return state.recovery_running ? next_step::join : next_step::lead;
}

next_step cure(attempt_state const& state) noexcept {
    switch (state.verdict) {
    case verdict::unloaded_in_flight:
        // Another's unload caused it, so there is nothing to free, and nothing to lead.
        return unless_repeated(state);
    case verdict::load_refused:
    case verdict::suspected_memory:
        return state.leading ? next_step::go_on : by_unloading(state);
    case verdict::insufficient_memory:
    case verdict::cache_corruption:
        return by_unloading(state);
    case verdict::model_crash:
        switch (state.on_crash) {
        case on_crash::off:
            return next_step::relay;
        case on_crash::replay:
            return unless_repeated(state);
        case on_crash::reload:
            return by_unloading(state);
        }
        return next_step::relay;
    case verdict::healthy:
    case verdict::other_error:
        break;
    }
    return next_step::relay;
}

} // namespace

next_step decide_next(attempt_state const& state) noexcept {
    if (!state.recovery_on || state.max_replays == 0)
        return next_step::relay;
    bool const refused =
        state.verdict == verdict::load_refused || state.verdict == verdict::suspected_memory;
    if (!refused && state.replays_done >= state.max_replays)
        return next_step::relay;
    auto const step = cure(state);
    if (step == next_step::relay || state.replayable)
        return step;
    return step == next_step::lead ? next_step::heal : next_step::relay;
}

} // namespace secondwind::policy
