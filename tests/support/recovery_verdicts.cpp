// What the referee says of exchanges, and of the end.
#include "support/recovery_referee.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace secondwind::test {

using policy::for_memory;
using policy::verdict;
using recovery::outcome;
using recovery::record;

namespace {

using answered_by = simulated_exchange::answered_by;

} // namespace

// Counts why a replay was refused: because of instances that its own recovery had spared, or of
// loads that no recovery could foresee.
void recovery_referee::decided(watched& w, policy::next_step s) {
    note_states();
    auto const& e = *w.exchange;
    auto const& call = *e.call();
    auto const* const led = std::exchange(w.led, nullptr);
    w.step = s;
    trace(fmt::format("{} decides {}", e.sent().id, to_string(s)));
    bool const refused = !call.blockers().empty() || !call.blocking_loads().empty();
    if (e.attempts() - e.resends() == 1 || !refused)
        return;
    if (led == nullptr) {
        ++w.excused;
        return;
    }
    auto const newest = records_.at(led->id).newest;
    bool competing = !call.blocking_loads().empty();
    for (auto const& i : call.blockers()) {
        if (i.number > newest) {
            competing = true;
            continue;
        }
        auto const& all = led->plan.considered;
        auto const in_plan = std::ranges::find_if(all, [&i](policy::consideration const& c) {
            return c.instance.id == i.id && c.fate == policy::fate::taken;
        });
        if (in_plan != all.end() && led->succeeded())
            breach(i.id + " was to go, and is still in the way of " + e.sent().id);
    }
    if (competing) {
        ++w.excused;
        robbed_.insert(e.model());
    } else {
        ++w.wasted;
    }
}

void recovery_referee::ended(simulated_exchange& e) {
    note_states();
    auto const& id = e.sent().id;
    trace(fmt::format("{} ends: {} {}, outcome {}", id,
                      e.gone()                         ? "left"
                      : e.from() == answered_by::proxy ? "turned away"
                                                       : to_string(e.answer().verdict),
                      e.answer().message, to_string(e.outcome())));
    if (e.ended() > 1)
        breach(id + " ended twice");
    if (e.met_recovery() && e.outcome() == outcome::pending)
        breach(id + " met a recovery, and has no outcome");
    if (e.gone())
        return;
    if (e.from() == answered_by::nobody)
        breach(id + " got no answer");
    if (e.from() == answered_by::proxy && e.heard() > 0)
        breach(id + " got an answer of the proxy's, and the host had given one");
    auto const v = e.answer().verdict;
    bool const curable =
        for_memory(v) || v == verdict::cache_corruption || v == verdict::unloaded_in_flight;
    if (e.outcome() == outcome::recovered && curable)
        breach(id + " is recovered, and its answer is an error");
    auto const& settings = settings_.recovery;
    bool const owed = settings.mode == config::recovery_mode::on && settings.max_replays > 0 &&
                      e.sent().replayable && settings_.limits.recovery_waiters >= 1000;
    if (owed && curable && !e.met_recovery())
        breach(id + " could have been helped, and no recovery was tried");
}

void recovery_referee::conclude() {
    for (auto const& [id, w] : exchanges_) {
        if (w.exchange->ended() != 1)
            breach(id + " has not ended");
        else if (live_)
            helped(w);
    }
    for (auto const& r : ledger_.records()) {
        if (!r->finished())
            breach(fmt::format("recovery {} has not finished", r->id));
        if (r->awaiting != 0)
            breach(fmt::format("recovery {} is still awaited by {}", r->id, r->awaiting));
        if (r->outcome == outcome::pending)
            breach(fmt::format("recovery {} has no outcome", r->id));
    }
    auto const left = recovery_.in_flight.snapshot();
    if (!left.models.empty() || left.unknown)
        breach("an exchange is still in flight");
    if (recovery_.guard.gate().waiting() > 0 || recovery_.in_flight.changed().waiting() > 0)
        breach("an exchange or a recovery still waits");
}

// A request whose model fits is answered, once the others have gone idle. It may be refused after
// an eviction that spared busy ones, but once; and as often as others' loads took the room, or it
// shared what was done for another model, which is a guess.
void recovery_referee::helped(watched const& w) {
    auto const& e = *w.exchange;
    auto const v = e.answer().verdict;
    if (too_large(e.model()) || (e.from() == answered_by::host && v == verdict::healthy))
        return;
    auto const& id = e.sent().id;
    if (e.outcome() == outcome::futile && robbed_.contains(e.model()))
        return;
    if (w.wasted > 1)
        breach(id + " was refused twice because busy ones were spared");
    else if (w.wasted + w.excused < settings_.recovery.max_replays)
        breach(fmt::format("{} could have been answered: {}, after {} attempts", id,
                           to_string(e.outcome()), e.attempts()));
    else if (w.excused + 1 < settings_.recovery.max_replays)
        breach(id + " used up its replays and was not helped");
}

} // namespace secondwind::test
