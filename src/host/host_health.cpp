#include <secondwind/host/host_health.hpp>

#include <utility>

namespace secondwind::host {

std::string_view to_string(host_state s) noexcept {
    switch (s) {
    case host_state::unknown:
        return "unknown";
    case host_state::up:
        return "up";
    case host_state::down:
        return "down";
    }
    return "unknown";
}

bool host_health::note(observation seen, std::string reason, time_point now) {
    if (seen == observation::connected && no_answer_)
        return false;
    no_answer_ = seen == observation::no_answer;
    bool const is_up = seen == observation::connected || seen == observation::answered;
    auto const state = is_up ? host_state::up : host_state::down;
    if (is_up)
        reason.clear();
    if (state == state_ && reason == reason_)
        return false;
    if (state != state_)
        since_ = now;
    state_ = state;
    reason_ = std::move(reason);
    return true;
}

} // namespace secondwind::host
