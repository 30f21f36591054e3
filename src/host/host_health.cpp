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

bool host_health::note(sign s, std::string why, time_point now) {
    if (s == sign::connected && mute_)
        return false;
    mute_ = s == sign::mute;
    bool const is_up = s == sign::connected || s == sign::answered;
    auto const state = is_up ? host_state::up : host_state::down;
    if (is_up)
        why.clear();
    if (state == state_ && why == why_)
        return false;
    if (state != state_)
        since_ = now;
    state_ = state;
    why_ = std::move(why);
    return true;
}

} // namespace secondwind::host
