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

// The phase between two consecutive steps; nothing if no time passes between them.
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
        // After a refusal, or if the leading client has disconnected, nothing is verified.
        bool const still_loaded =
            to == step::finished && r.acted == outcome::unload_failed && r.unloads.back().done;
        if (to == step::verified || still_loaded)
            return recovery_phase::verify;
        return std::nullopt;
    }
    case step::fitting:
        return recovery_phase::fit;
    case step::replaying:
        return recovery_phase::replay;
    case step::planned:
    case step::refused:
    case step::verified:
    case step::fitted:
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
    case recovery_phase::fit:
        return "fit";
    case recovery_phase::replay:
        return "replay";
    }
    return "list";
}

phase_times times_of(recovery::record const& record) {
    phase_times times;
    recovery::step_record const* last = nullptr;
    for (auto const& each : record.steps) {
        // A leading client that disconnects causes this step at any time; it ends no phase.
        if (each.step == step::concluded)
            continue;
        if (last) {
            if (auto const phase = phase_between(record, last->step, each.step)) {
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

void recovery_counts::note(step step, recovery::record const& record) {
    auto const known = hosts_.find(record.host);
    if (known == hosts_.end())
        return;
    auto& host = known->second;
    switch (step) {
    case recovery::step::unloaded:
        ++(record.unloads.back().done ? host.unloaded : host.unloads_failed);
        break;
    case recovery::step::finished: {
        host.durations.observe(in_seconds(record.took));
        host.joined += record.joined;
        auto const times = times_of(record);
        for (std::size_t i = 0; i < recovery_phases; ++i) {
            if (times[i])
                host.phases[i].observe(*times[i]);
        }
        break;
    }
    default:
        break;
    }
    // A recovery after the commit, or one that only observes, is led by no exchange and is never
    // concluded.
    if (step == recovery::step::concluded ||
        (step == recovery::step::finished && (record.trigger.after_commit || !record.holds))) {
        auto const verdict = static_cast<std::size_t>(record.trigger.verdict);
        ++host.ended[verdict][static_cast<std::size_t>(record.outcome)];
    }
}

} // namespace secondwind::admin
