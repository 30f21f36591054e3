#include <secondwind/recovery/second_wind.hpp>

#include <utility>

namespace secondwind::recovery {

using policy::curable;
using policy::for_memory;
using policy::next_step;
using policy::verdict;

net::task<bool> second_wind::enter() {
    // Another recovery may have begun by the time that this one is let go.
    bool waited = false;
    while (host_.guard.holding() && !left_) {
        if (!waited && host_.crowded())
            co_return false;
        waited = true;
        co_await wait();
    }
    co_return true;
}

policy::next_step second_wind::decide(policy::judgement const& judged, std::uint64_t epoch) {
    auto const v = judged.verdict;
    remember(v);
    attempt_epoch_ = epoch;

    auto& guard = host_.guard;
    policy::attempt_state state;
    state.verdict = v;
    state.recovery_on = host_.settings.mode != config::recovery_mode::off;
    state.replayable = subject_.replayable();
    state.replays_done = replays_;
    state.max_replays = host_.settings.max_replays;
    state.on_crash = host_.settings.on_crash;
    state.recovery_running = guard.recovering();
    auto step = policy::decide_next(state);
    if (step == next_step::lead && guard.epoch() != epoch) {
        // A recovery that finished meanwhile counts if it did something for this one.
        state.cured_since = admit(*guard.latest(), needs(judged));
        step = policy::decide_next(state);
    }

    bool const unloads = step == next_step::lead || step == next_step::join;
    if (unloads && futile(v)) {
        reason_ = v;
        conclude(outcome::replay_failed);
        outcome_ = outcome::futile;
        return next_step::relay;
    }
    bool const waits = step != next_step::relay && step != next_step::replay;
    if (waits && guard.recovering() && host_.crowded())
        step = next_step::relay;
    if (step == next_step::await_replay && host_.settings.mode == config::recovery_mode::observe) {
        reason_ = v;
        outcome_ = outcome::observed;
        return next_step::relay;
    }
    if (step == next_step::relay && met_recovery())
        conclude(curable(v) || v == reason_ ? outcome::replay_failed : outcome::recovered);
    return step;
}

net::task<bool> second_wind::recover(next_step step, policy::judgement const& judged) {
    reason_ = judged.verdict;
    auto& guard = host_.guard;
    bool again = false;
    switch (step) {
    case next_step::lead:
    case next_step::join:
        again = co_await share(step == next_step::lead, judged);
        break;
    case next_step::await_replay:
        // Nothing to unload for this one: the instance went away under it.
        if (guard.recovering())
            adopt(guard.latest(), false);
        while (guard.holding() && !left_)
            co_await wait();
        again = replay();
        break;
    case next_step::replay:
        adopt(guard.latest(), false);
        again = replay();
        break;
    case next_step::relay:
        break;
    }
    co_return again;
}

net::task<bool> second_wind::share(bool lead, policy::judgement const& judged) {
    auto& guard = host_.guard;
    auto const need = needs(judged);
    for (;;) {
        if (lead)
            host_.recovery.start(trigger(judged), subject_.authorization());
        else
            ++guard.latest()->joined;
        adopt(guard.latest(), lead);
        // One that could not even ask the host is over by now.
        if (!record_->finished)
            co_await wait();
        if (left_)
            co_return false;
        if (admit(*record_, need))
            co_return replay();

        // What this one needs may be another unload than the one that led it, and a healing gives
        // up where others would wait.
        auto const& cause = record_->trigger;
        bool const same =
            cause.verdict == need.verdict && cause.model == need.model && !cause.after_commit;
        bool const decided = record_->acted != outcome::pending &&
                             record_->acted != outcome::no_candidate &&
                             record_->acted != outcome::client_gone;
        // Nothing is left to unload, but something was since this one was refused.
        bool const gone_since =
            record_->acted == outcome::no_candidate && guard.epoch() != attempt_epoch_;
        if ((lead || same) && gone_since)
            co_return replay();
        if (lead || same || decided) {
            conclude(record_->acted);
            co_return false;
        }
        // It may have become known only now, by a replay that failed meanwhile.
        if (futile(need.verdict)) {
            conclude(outcome::futile);
            co_return false;
        }
        lead = !guard.recovering();
    }
}

void second_wind::leave() {
    left_ = true;
    if (waiter_)
        waiter_->cancel();
    conclude(outcome::client_gone);
    host_.recovery.left();
}

void second_wind::heal(policy::judgement const& judged, std::uint64_t epoch) {
    auto const& guard = host_.guard;
    bool const off = host_.settings.mode == config::recovery_mode::off;
    if (off || guard.recovering() || guard.epoch() != epoch)
        return;
    auto why = trigger(judged);
    why.after_commit = true;
    host_.recovery.start(std::move(why), subject_.authorization());
}

recovery::trigger second_wind::trigger(policy::judgement const& judged) const {
    recovery::trigger why;
    why.request_id = subject_.id();
    why.path = subject_.path();
    why.model = subject_.model();
    why.verdict = judged.verdict;
    why.message = judged.message;
    return why;
}

need second_wind::needs(policy::judgement const& judged) const {
    return {judged.verdict, subject_.model(), judged.message};
}

// What the answer to a replay tells of the model. An answer to a first attempt is only asked for
// it while there is something to forget.
void second_wind::remember(verdict v) {
    if (for_memory(v)) {
        if (leads_ && awaits_ && replays_ > 0)
            host_.oversized.failed(subject_.model(), record_->plan.exhaustive,
                                   host_.deadlines.now(), host_.settings.cooldown);
    } else if (v == verdict::healthy && !host_.oversized.empty(host_.deadlines.now())) {
        host_.oversized.succeeded(subject_.model());
    }
}

bool second_wind::futile(verdict v) const {
    return for_memory(v) && host_.oversized.of(subject_.model(), host_.deadlines.now()) ==
                                policy::oversized_models::standing::futile;
}

void second_wind::adopt(std::shared_ptr<record> r, bool lead) {
    conclude(outcome::replay_failed);
    record_ = std::move(r);
    leads_ = lead;
    awaits_ = true;
    outcome_ = outcome::pending;
    if (!lead)
        ++record_->awaiting;
}

void second_wind::conclude(recovery::outcome o) {
    if (met_recovery() && outcome_ == outcome::pending)
        outcome_ = o;
    if (!std::exchange(awaits_, false))
        return;
    host_.ledger.conclude(*record_, subject_.id(), o, leads_);
}

bool second_wind::replay() {
    if (left_)
        return false;
    ++replays_;
    return true;
}

net::task<void> second_wind::wait() {
    waiter_.emplace(host_.guard.gate());
    auto& waiting = *waiter_;
    co_await waiting;
    waiter_.reset();
}

} // namespace secondwind::recovery
