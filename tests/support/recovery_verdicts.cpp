// What the referee says of exchanges, of those that wait, and of the end.
#include "support/recovery_referee.hpp"

#include <secondwind/policy/gate_window.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace secondwind::test {

using namespace std::chrono_literals;
using policy::for_memory;
using policy::verdict;
using recovery::outcome;
using recovery::relation;

using answered_by = simulated_exchange::answered_by;

namespace {

// The longest window of the gate, a residency, a load, and the verification of unloads.
constexpr auto longest_hold = policy::gate_window::longest + 30s + 30s + 15s;

} // namespace

void recovery_referee::watch(simulated_exchange& e) {
    auto& mine = exchanges_.emplace(e.sent().id, watched{.exchange = &e}).first->second;
    e.on_attempt = [this, &mine] { attempt_begins(mine); };
    e.on_decision = [this, &mine](policy::next_step s) { decided(mine, s); };
    e.on_end = [this, &e] { ended(e); };
}

lmstudio::instance const* recovery_referee::listed_for(simulated_exchange const& e) const {
    auto const& known = recovery_.models.all();
    auto const meant = lmstudio::resolve(e.model(), known, e.sent().asks.kind);
    return policy::serving(meant, known.loaded);
}

// A recovery that waits holds up only those who would prolong the wait, and nobody waits for
// nothing.
void recovery_referee::check_waiting() {
    bool held_up = false;
    for (auto& [id, w] : exchanges_) {
        bool const waits = w.exchange->recovery().waits();
        if (waits && !always_on() && !recovery_.lease.held())
            breach(id + " waits in a mode that holds nothing back");
        held_up = held_up || (waits && !recovery_.lease.held());
        check_hold(w);
    }
    if (held_up && recovery_.guard.gate() == policy::gate::open && !recovery_.guard.recovering() &&
        recovery_.in_flight.awaiting() == 0 && recovery_.at_rest())
        breach("exchanges wait, and nothing goes on");
    bool const turn =
        !recovery_.guard.recovering() && recovery_.guard.gate() == policy::gate::waiting;
    if (turn && !recovery_.takes_turns())
        breach("an exchange awaits its turn, and there are none");
}

void recovery_referee::check_hold(watched& w) {
    auto const& e = *w.exchange;
    auto const now = virtual_time::now();
    auto const* const serves =
        recovery_.models.known() && e.recovery().relation() == relation::waits_at_gate
            ? listed_for(e)
            : nullptr;
    auto const* const truly = serves == nullptr ? nullptr : host_.find(serves->id);
    if (truly == nullptr || recovery_.lease.held()) {
        w.held_since.reset();
        w.no_target_since.reset();
        return;
    }
    if (!w.held_since || w.held_for != truly->number) {
        w.held_since = now;
        w.held_after = static_cast<int>(recovery_.in_flight.size());
    }
    w.held_for = truly->number;
    // Each end of an exchange prolongs a window.
    auto const longer = std::min<virtual_time::time_point::duration>(
        settings_.recovery.gate_wait * 4, policy::gate_window::longest);
    if (now - *w.held_since > longest_hold + w.held_after * longer)
        breach(e.sent().id + " is held longer than the windows of the gate allow");
    auto const& guard = recovery_.guard;
    auto const& id = e.sent().id;
    switch (guard.gate()) {
    case policy::gate::open:
    case policy::gate::replaying:
        breach(id + " waits, though its model is loaded and none is unloaded");
        break;
    case policy::gate::waiting:
        if (pinned(*truly))
            breach(id + " waits for a model that never goes");
        else if (recovery_.within_residency(*serves, now))
            breach(id + " waits for a model that was loaded a moment ago");
        // For a moment, while the models are listed for another plan.
        if (guard.is_target(serves->id))
            w.no_target_since.reset();
        else if (!w.no_target_since)
            w.no_target_since = now;
        else if (now - *w.no_target_since > 1s)
            breach(fmt::format("{} waits for {}, which is no target", id, serves->id));
        break;
    case policy::gate::planning:
    case policy::gate::closed:
    case policy::gate::leased:
        w.no_target_since.reset();
        break;
    }
}

// "Futile" is learned only from a load that was refused with everything else gone.
void recovery_referee::check_futile() {
    if (recovery_.oversized.empty())
        return futile_.clear();
    for (auto const& model : refused_) {
        if (!recovery_.oversized.futile(model, virtual_time::now())) {
            futile_.erase(model);
            continue;
        }
        if (!futile_.insert(model).second)
            continue;
        trace(model + " is futile");
        if (promises_.live && fits(model))
            breach(model + " is taken for too large, and fits");
    }
}

void recovery_referee::attempt_begins(watched& w) {
    note_states();
    auto const& e = *w.exchange;
    auto const& id = e.sent().id;
    trace(fmt::format("{} attempt {} for {}", id, e.attempts(), e.model()));
    if (e.attempts() == 1000) {
        breach(id + " is sent again and again");
        w.exchange->leave();
    }
    auto const replays = e.attempts() - 1 - e.resends();
    if (replays > 0 && settings_.recovery.max_replays == 0)
        breach(id + " is replayed, and none is allowed");
    if (e.resends() > 1 || (e.resends() == 1 && !(e.fresh() && e.sent().idempotent)))
        breach(id + " is resent, and must not be");
    if (e.committed() || e.over())
        breach(id + " is replayed, and its answer had begun");
    if (replays > 0 && (!always_on() || !e.sent().replayable))
        breach(id + " is replayed, and cannot be");
    if (e.gone())
        breach(id + " has left, and is sent");
    auto const& guard = recovery_.guard;
    bool const cold = recovery_.models.known() && listed_for(e) == nullptr &&
                      host_.find_model(e.model()) != nullptr;
    bool const crumb = policy::is_crumb(recovery_.models.size_of(e.model()), guard.need());
    // A server that stops holds nothing back.
    bool const held = cold && replays == 0 && !stopped_;
    // What is sent once more after a dead connection was sent before.
    if (held && e.resends() == 0 && guard.gate() == policy::gate::closed)
        breach(id + " is sent while the gate is closed");
    if (held && !crumb && guard.gate() == policy::gate::waiting && guard.recovering() &&
        !recovery_.is_futile(e.model(), policy::context_choice::open) &&
        std::ranges::count(recovery_.loading(), e.model()) == 0)
        breach(id + " takes the memory that is waited for");
    w.loads = cold && !recovery_.quiet();
}

void recovery_referee::decided(watched& w, policy::next_step s) {
    note_states();
    auto const& e = *w.exchange;
    auto const& call = *e.call();
    trace(fmt::format("{} decides {}", e.sent().id, to_string(s)));
    auto const* const use = call.on() && listed_for(e) != nullptr
                                ? recovery_.models.use_of(listed_for(e)->id)
                                : nullptr;
    // By its first output. A request that came when it was not listed may not have loaded it.
    bool const first =
        e.judged().verdict == verdict::healthy && call.on() && used_.insert(*call.on()).second;
    if (first && w.loads && use != nullptr && use->loaded &&
        use->load > virtual_time::milliseconds::zero())
        loaded_.emplace(*call.on(), load{virtual_time::now(),
                                         std::chrono::duration_cast<virtual_time::milliseconds>(
                                             virtual_time::now() - e.attempt_began())});
    // What a recovery has unloaded is gone before the replay is sent.
    auto const& met = e.recovery().met();
    if (!met || s != policy::next_step::go_on)
        return;
    // Where the listing after the unloads has failed, the replay is sent all the same.
    auto const last =
        std::ranges::find_if(met->steps.rbegin(), met->steps.rend(), [](auto const& at) {
            return at.step == recovery::step::unloaded || at.step == recovery::step::verified;
        });
    if (last == met->steps.rend() || last->step != recovery::step::verified)
        return;
    auto const& gone = records_.at(met->id).unloaded;
    for (auto const& i : call.blockers()) {
        auto const unloaded = std::ranges::find_if(
            met->unloads, [&](auto const& each) { return each.done && each.instance.id == i.id; });
        if (gone.contains(i.number) && unloaded != met->unloads.end())
            breach(i.id + " was unloaded, and is still in the way of " + e.sent().id);
    }
}

void recovery_referee::ended(simulated_exchange& e) {
    note_states();
    ++ends_;
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
    bool const good = e.from() == answered_by::host && v == verdict::healthy;
    if (e.outcome() == outcome::recovered && !good)
        breach(id + " is recovered, and its answer is an error");
    // One that is no smaller than a model that was refused alone need not be refused itself.
    bool const too_large =
        e.recovery().met() && e.recovery().met()->plan.reason == policy::plan_reason::too_large;
    if (e.outcome() == outcome::futile && !too_large && !refused_.contains(e.model()) &&
        !refused_.empty() && host_.find_model(e.model()) != nullptr)
        breach(id + " is futile, and its model was never refused");
    bool const curable =
        for_memory(v) || v == verdict::cache_corruption || v == verdict::unloaded_in_flight;
    bool const owed = always_on() && settings_.recovery.max_replays > 0 && e.sent().replayable &&
                      settings_.limits.recovery_waiters >= 1000;
    if (owed && curable && !e.met_recovery())
        breach(id + " could have been helped, and no recovery was tried");
}

void recovery_referee::conclude() {
    std::uint64_t bodies = 0;
    for (auto const& [id, w] : exchanges_) {
        bodies += w.exchange->body_size();
        if (w.exchange->ended() != 1)
            breach(id + " has not ended");
        else if (promises_.live)
            helped(*w.exchange);
    }
    if (lmstudio::requested_model::bytes_read() - bytes_read_ > bodies)
        breach("a body was read twice");
    for (auto const& r : ledger_.records()) {
        if (!r->finished())
            breach(fmt::format("recovery {} has not finished", r->id));
        if (r->awaiting != 0)
            breach(fmt::format("recovery {} is still awaited by {}", r->id, r->awaiting));
        if (r->outcome == outcome::pending)
            breach(fmt::format("recovery {} has no outcome", r->id));
    }
    if (recovery_.in_flight.size() > 0)
        breach("an exchange is still in flight");
    if (recovery_.waiting() > 0 || recovery_.guard.recovering())
        breach("an exchange or a recovery still waits");
}

// A request whose model fits is answered once the others have gone idle.
void recovery_referee::helped(simulated_exchange const& e) {
    auto const v = e.answer().verdict;
    bool const evicted = host_.auto_evict && v == verdict::unloaded_in_flight;
    if (!fits(e.model()) || evicted || (e.from() == answered_by::host && v == verdict::healthy))
        return;
    breach(fmt::format("{} could have been answered: {} {}, {}, after {} attempts", e.sent().id,
                       to_string(v), e.answer().message, to_string(e.outcome()), e.attempts()));
}

} // namespace secondwind::test
