#include "recovery_counts.hpp"

#include <chrono>
#include <utility>

namespace secondwind::admin {

namespace {

using recovery::outcome;
using recovery::step;

double in_seconds(std::chrono::microseconds span) {
    return std::chrono::duration<double>{span}.count();
}

// What was done between two steps that follow one another; nothing where no time passes.
std::optional<recovery_phase> phase_between(recovery::record const& r, step from, step to) {
    switch (from) {
    case step::began:
        return recovery_phase::list;
    case step::listed:
        return recovery_phase::plan;
    case step::waiting:
        return recovery_phase::wait;
    case step::unloading:
        return recovery_phase::unload;
    case step::unloaded: {
        // One that was refused, or whose leader has left, is not looked after.
        bool const still_there =
            to == step::finished && r.acted == outcome::unload_failed && r.unloads.back().done;
        if (to == step::verified || still_there)
            return recovery_phase::verify;
        return std::nullopt;
    }
    case step::planned:
    case step::verified:
    case step::finished:
    case step::concluded:
        break;
    }
    return std::nullopt;
}

} // namespace

std::string_view to_string(recovery_phase p) noexcept {
    switch (p) {
    case recovery_phase::list:
        return "list";
    case recovery_phase::plan:
        return "plan";
    case recovery_phase::wait:
        return "wait";
    case recovery_phase::unload:
        return "unload";
    case recovery_phase::verify:
        return "verify";
    }
    return "list";
}

phase_times times_of(recovery::record const& r) {
    phase_times times;
    recovery::step_record const* last = nullptr;
    for (auto const& each : r.steps) {
        // It comes of a leader that leaves, at any time, and ends nothing.
        if (each.step == step::concluded)
            continue;
        if (last) {
            if (auto const phase = phase_between(r, last->step, each.step)) {
                auto& sum = times[static_cast<std::size_t>(*phase)];
                sum = sum.value_or(0) + in_seconds(each.at - last->at);
            }
        }
        last = &each;
    }
    return times;
}

void recovery_counts::keep(std::vector<std::string> const& hosts) {
    decltype(hosts_) kept;
    for (auto const& name : hosts)
        kept[name] = hosts_[name];
    hosts_ = std::move(kept);
}

void recovery_counts::note(step s, recovery::record const& r) {
    auto const known = hosts_.find(r.host);
    if (known == hosts_.end())
        return;
    auto& host = known->second;
    switch (s) {
    case step::unloaded:
        ++(r.unloads.back().done ? host.unloaded : host.unloads_failed);
        break;
    case step::finished: {
        host.durations.observe(in_seconds(r.took));
        host.joined += r.joined;
        auto const times = times_of(r);
        for (std::size_t i = 0; i < recovery_phases; ++i) {
            if (times[i])
                host.phases[i].observe(*times[i]);
        }
        break;
    }
    default:
        break;
    }
    // One that no exchange leads any more is never concluded.
    if (s == step::concluded || (s == step::finished && r.trigger.after_commit)) {
        auto const verdict = static_cast<std::size_t>(r.trigger.verdict);
        ++host.ended[verdict][static_cast<std::size_t>(r.outcome)];
    }
}

} // namespace secondwind::admin
