#include <secondwind/recovery/exchange_recovery.hpp>

#include <utility>

namespace secondwind::recovery {

using policy::curable;
using policy::for_memory;
using policy::next_step;
using policy::verdict;

namespace {

// What it tried and how it ended holds for every exchange, whatever that requires.
bool failed_for_all(record const& r) noexcept {
    return r.acted != outcome::pending && r.acted != outcome::no_candidate &&
           r.acted != outcome::client_gone;
}

// Another exchange with this requirement would have led the same recovery. A healing is none: it
// gives up where others would wait.
bool same_cause(trigger const& cause, requirement const& required) noexcept {
    return cause.verdict == required.verdict && cause.model == required.model &&
           !cause.after_commit;
}

} // namespace

net::task<bool> exchange_recovery::enter() {
    if (held() && host_.crowded())
        co_return false;
    relation_ = relation::waits_at_gate;
    // Another recovery may have begun by the time that this one opens the gate.
    while (held() && !left())
        co_await wait();
    if (!left())
        relation_ = relation::none;
    co_return true;
}

policy::next_step exchange_recovery::decide(policy::judgement const& judged, std::uint64_t epoch) {
    auto const v = judged.verdict;
    remember(v);
    attempt_epoch_ = epoch;

    auto const& guard = host_.guard;
    policy::attempt_state state;
    state.verdict = v;
    state.recovery_on = host_.settings->recovery.mode != config::recovery_mode::off;
    state.replayable = request_.replayable();
    state.replays_done = replays_;
    state.max_replays = host_.settings->recovery.max_replays;
    state.on_crash = host_.settings->recovery.on_crash;
    state.recovery_running = guard.recovering();
    auto step = policy::decide_next(state);
    if (step == next_step::lead && guard.epoch() != epoch) {
        // A recovery that finished meanwhile counts if it did something for this exchange.
        state.cured_since = admit(*guard.latest(), requirement_of(judged));
        step = policy::decide_next(state);
    }

    bool const unloads = step == next_step::lead || step == next_step::join;
    if (unloads && futile(v))
        return give_up(v, outcome::futile);
    bool const waits = unloads || step == next_step::await_replay;
    if (waits && guard.recovering() && host_.crowded())
        step = next_step::relay;
    if (step == next_step::await_replay &&
        host_.settings->recovery.mode == config::recovery_mode::observe)
        return give_up(v, outcome::observed);
    if (step == next_step::relay && met_recovery())
        conclude(curable(v) || v == reason_ ? outcome::replay_failed : outcome::recovered);
    return step;
}

net::task<bool> exchange_recovery::recover(next_step step, policy::judgement const& judged) {
    reason_ = judged.verdict;
    auto& guard = host_.guard;
    bool again = false;
    switch (step) {
    case next_step::lead:
    case next_step::join:
        again = co_await share(step == next_step::lead, judged);
        break;
    case next_step::await_replay:
        // Nothing to unload for this exchange: the instance was unloaded while it served it.
        if (guard.holding())
            adopt(guard.latest(), relation::joined);
        while (guard.holding() && !left())
            co_await wait();
        again = replay();
        break;
    case next_step::replay:
        adopt(guard.latest(), relation::joined);
        again = replay();
        break;
    case next_step::relay:
        break;
    }
    co_return again;
}

// Leads or joins recoveries until one has helped or the last one that could has failed. True if the
// request is to be sent again.
net::task<bool> exchange_recovery::share(bool lead, policy::judgement const& judged) {
    auto& guard = host_.guard;
    auto const required = requirement_of(judged);
    for (;;) {
        if (lead)
            host_.recoverer.start(trigger(judged), request_.authorization());
        else
            ++guard.latest()->joined;
        adopt(guard.latest(), lead ? relation::leads : relation::joined);
        // One that could not even ask the host is over by now.
        if (!record_->finished())
            co_await wait();
        if (left())
            co_return false;
        if (admit(*record_, required))
            co_return replay();

        bool const for_this = lead || same_cause(record_->trigger, required);
        // Nothing is left to unload, but another recovery has unloaded something since this
        // exchange was refused.
        if (for_this && record_->acted == outcome::no_candidate && guard.epoch() != attempt_epoch_)
            co_return replay();
        if (for_this || failed_for_all(*record_)) {
            conclude(record_->acted);
            co_return false;
        }
        // That may be known only now, by a replay that failed meanwhile.
        if (futile(required.verdict)) {
            conclude(outcome::futile);
            co_return false;
        }
        lead = !guard.recovering();
    }
}

void exchange_recovery::leave() {
    if (waiter_)
        waiter_->cancel();
    conclude(outcome::client_gone, relation::left);
    relation_ = relation::left;
    host_.recoverer.left();
}

void exchange_recovery::heal(policy::judgement const& judged, std::uint64_t epoch) {
    auto const& guard = host_.guard;
    bool const off = host_.settings->recovery.mode == config::recovery_mode::off;
    if (off || guard.recovering() || guard.epoch() != epoch)
        return;
    auto cause = trigger(judged);
    cause.after_commit = true;
    host_.recoverer.start(std::move(cause), request_.authorization());
}

recovery::trigger exchange_recovery::trigger(policy::judgement const& judged) const {
    recovery::trigger cause;
    cause.request_id = request_.id();
    cause.path = request_.path();
    cause.model = request_.model();
    cause.verdict = judged.verdict;
    cause.message = judged.message;
    return cause;
}

requirement exchange_recovery::requirement_of(policy::judgement const& judged) const {
    return {judged.verdict, request_.model(), judged.message};
}

// Remembers whether the model fits, from the answer to a replay. An answer to a first attempt
// matters only while something is remembered that it can disprove.
void exchange_recovery::remember(verdict v) {
    if (for_memory(v)) {
        if (relation_ == relation::replays_as_leader)
            host_.oversized.failed(request_.model(), record_->plan.exhaustive,
                                   host_.deadlines.now(), host_.settings->recovery.cooldown);
    } else if (v == verdict::healthy && !host_.oversized.empty(host_.deadlines.now())) {
        host_.oversized.succeeded(request_.model());
    }
}

bool exchange_recovery::futile(verdict v) const {
    return for_memory(v) && host_.oversized.of(request_.model(), host_.deadlines.now()) ==
                                policy::oversized_models::standing::futile;
}

// The answer is relayed, though a recovery or a replay could follow.
next_step exchange_recovery::give_up(verdict reason, recovery::outcome o) {
    reason_ = reason;
    conclude(outcome::replay_failed); // of an earlier recovery, if there was one
    relation_ = relation::concluded;
    outcome_ = o;
    return next_step::relay;
}

void exchange_recovery::adopt(std::shared_ptr<record> r, recovery::relation as) {
    conclude(outcome::replay_failed);
    record_ = std::move(r);
    relation_ = as;
    outcome_ = outcome::pending;
    if (as == relation::joined)
        ++record_->awaiting;
}

void exchange_recovery::conclude(recovery::outcome o, recovery::relation next) {
    if (met_recovery() && outcome_ == outcome::pending)
        outcome_ = o;
    auto const was = relation_;
    switch (was) {
    case relation::none:
    case relation::waits_at_gate:
    case relation::concluded:
    case relation::left:
        return;
    case relation::leads:
    case relation::joined:
    case relation::replays_as_leader:
    case relation::replays_as_joiner:
    case relation::replays_alone:
        relation_ = next;
    }
    if (was == relation::replays_alone)
        return;
    bool const led = was == relation::leads || was == relation::replays_as_leader;
    host_.ledger.conclude(*record_, request_.id(), o, led);
    host_.guard.concluded(*record_);
}

bool exchange_recovery::replay() {
    switch (relation_) {
    case relation::left:
        return false;
    case relation::leads:
        relation_ = relation::replays_as_leader;
        break;
    case relation::joined:
        relation_ = relation::replays_as_joiner;
        break;
    default:
        relation_ = relation::replays_alone;
    }
    ++replays_;
    return true;
}

net::task<void> exchange_recovery::wait() {
    waiter_.emplace(host_.guard.gate());
    auto& waiting = *waiter_;
    co_await waiting;
    waiter_.reset();
}

} // namespace secondwind::recovery
