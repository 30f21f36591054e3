#include <secondwind/recovery/exchange_recovery.hpp>

#include <secondwind/lmstudio/error_message.hpp>
#include <secondwind/net/timed_wait.hpp>

#include <utility>

namespace secondwind::recovery {

using policy::for_memory;
using policy::is_refusal;
using policy::next_step;
using policy::verdict;

namespace {

// What it tried and how it ended holds for every exchange.
bool failed_for_all(record const& r) noexcept {
    return r.acted == outcome::unload_failed;
}

// It ended without room for the model that it was led for.
bool failed(record const& r) noexcept {
    return r.acted != outcome::pending && r.acted != outcome::client_gone &&
           r.acted != outcome::busy_timeout;
}

} // namespace

net::task<bool> exchange_recovery::enter() {
    if (host_.crowded())
        co_return false;
    relation_ = relation::waits_at_gate;
    co_await await_admission();
    if (!left())
        relation_ = relation::none;
    co_return true;
}

policy::next_step exchange_recovery::decide(policy::judgement const& judged) {
    auto const v = judged.verdict;
    if (v == verdict::healthy) {
        host_.answered(claim_);
        if (host_.knows_oversized())
            host_.oversized_by(request_.choice_of_context()).succeeded(key());
    } else {
        if (v == verdict::unloaded_in_flight)
            host_.note_cut(claim_, attempt_epoch_);
        host_.settled(claim_);
    }
    bool const leading = relation_ == relation::replays_as_leader && !record_->finished();
    policy::attempt_state state;
    state.verdict = v;
    state.recovery_on = host_.settings->recovery.mode != config::recovery_mode::off;
    state.replayable = request_.replayable();
    state.replays_done = replays_;
    state.max_replays = host_.settings->recovery.max_replays;
    state.on_crash = host_.settings->recovery.on_crash;
    state.leading = leading;
    state.recovery_running = host_.guard.recovering();
    auto step = v == verdict::healthy ? next_step::relay : policy::decide_next(state);
    if (step != next_step::relay && !leading && (request_.sent_blind() || must_not_wait(step)))
        step = next_step::relay;
    if (step == next_step::lead && host_.guard.epoch() != attempt_epoch_) {
        state.cured_since = for_memory(v) ? v == verdict::insufficient_memory
                                          : host_.guard.unloaded_since(key(), attempt_epoch_);
        step = policy::decide_next(state);
    }
    if (leading)
        host_.recoverer.replayed(step == next_step::go_on ? replay_end::refused : replay_end::over);

    if (step == next_step::relay) {
        if (met_recovery())
            conclude(v == verdict::healthy ? outcome::recovered : outcome::replay_failed);
        return step;
    }
    // Nothing is held back: the plan is made once the answer has passed.
    if (observes_ || host_.settings->recovery.mode == config::recovery_mode::observe)
        return give_up(v, outcome::observed);
    if (step == next_step::lead || step == next_step::join || step == next_step::heal) {
        if (futile(v))
            return give_up(v, outcome::futile);
        if (braked(v))
            return give_up(v, outcome::no_candidate);
        paused_ = step != next_step::join && unloads_paused();
        if (paused_)
            return give_up(v, outcome::unload_failed);
    }
    return step;
}

void exchange_recovery::learn_refusal(policy::judgement const& judged) {
    claim_.end();
    if (!is_refusal(judged.verdict) || host_.models.loaded_since(claim_))
        return;
    host_.models.load_refused(claim_);
    if (host_.models.known())
        host_.learn_refusal(key(), judged.verdict);
}

void exchange_recovery::learn_absence() {
    claim_.end();
    host_.models.not_found(claim_);
}

net::task<bool> exchange_recovery::recover(next_step step, policy::judgement const& judged) {
    reason_ = judged.verdict;
    claim_.end();
    if (is_refusal(judged.verdict)) {
        if (!refused_)
            refused_ = host_.deadlines.now();
        host_.models.load_refused(claim_);
        if (host_.models.known())
            refused_with_ = host_.models.bytes_loaded();
    }
    if (auto named = lmstudio::named_model(judged.message); !named.empty())
        named_ = std::move(named);
    bool again = false;
    switch (step) {
    case next_step::lead:
        again = co_await lead(judged);
        break;
    case next_step::go_on:
        relation_ = relation::leads;
        again = co_await follow();
        break;
    case next_step::join:
        if (is_refusal(judged.verdict))
            again = co_await stand_in_line(judged);
        else
            again = co_await await_end(judged);
        break;
    case next_step::await_replay:
        // Nothing to unload for this exchange: the instance was unloaded while it served it.
        conclude(outcome::replay_failed); // of a recovery that it met before
        relation_ = recovery::relation::none;
        record_.reset();
        outcome_ = outcome::pending;
        if (!host_.quiet() && !host_.admits(claim_)) {
            relation_ = relation::waits_at_gate;
            co_await await_admission();
        }
        again = replay();
        break;
    case next_step::replay:
        adopt(host_.guard.latest(), relation::joined);
        again = replay();
        break;
    case next_step::heal:
        co_await heal_for_next(judged);
        break;
    case next_step::relay:
        break;
    }
    co_return again;
}

void exchange_recovery::start(policy::judgement const& judged) {
    host_.settled(claim_);
    host_.recoverer.start(trigger(judged), request_.authorization());
    adopt(host_.guard.latest(), relation::leads);
}

net::task<bool> exchange_recovery::lead(policy::judgement const& judged) {
    if (!is_refusal(judged.verdict) && judged.verdict != verdict::insufficient_memory)
        host_.brake.done(key(), judged.verdict, host_.deadlines.now());
    start(judged);
    co_return co_await follow();
}

// Awaits the replay or the end of the recovery that it leads.
net::task<bool> exchange_recovery::follow() {
    auto const led = record_;
    // One that could not even ask the host is over by now.
    while (!left() && !led->finished() && led->phase != phase::replaying)
        co_await await_progress();
    if (left())
        co_return false;
    if (!led->finished())
        co_return replay();
    // What was unloaded for a broken model needs no outcome of a load.
    conclude(led->acted == outcome::pending ? outcome::replay_failed : led->acted);
    co_return false;
}

// Its model was refused, and another recovery runs: it waits for its turn, then replays if there is
// more room than when it was refused, and else leads.
net::task<bool> exchange_recovery::stand_in_line(policy::judgement const& judged) {
    ++host_.guard.latest()->joined;
    adopt(host_.guard.latest(), relation::joined);
    co_await await_admission();
    if (left())
        co_return false;
    if (promoted_) {
        adopt_lead(host_.guard.latest());
        bool const again = co_await follow();
        co_return again;
    }
    auto const met = record_;
    bool const failed_with =
        met->finished() &&
        (failed_for_all(*met) || (failed(*met) && (met->wanted.key == key() ||
                                                   met->trigger.model == claim_.model().name())));
    if (host_.pauses.stopped()) {
        conclude(outcome::replay_failed);
        co_return false;
    }
    if (!admitted_ || failed_with || futile(judged.verdict)) {
        conclude(failed_with ? met->acted : !admitted_ ? outcome::busy_timeout : outcome::futile);
        host_.settled(claim_);
        co_return false;
    }
    bool const more_room = !refused_with_ || host_.models.bytes_loaded() < *refused_with_;
    if (more_room || host_.models.serving(claim_) != nullptr || host_.guard.recovering())
        co_return replay();
    conclude(outcome::replay_failed);
    bool const again = co_await lead(judged);
    co_return again;
}

// What it needs is an unload, and another recovery runs.
net::task<bool> exchange_recovery::await_end(policy::judgement const& judged) {
    ++host_.guard.latest()->joined;
    adopt(host_.guard.latest(), relation::joined);
    auto const met = record_;
    while (!left() && host_.guard.recovering())
        co_await await_progress();
    if (left())
        co_return false;
    bool const cured = judged.verdict == verdict::insufficient_memory
                           ? host_.guard.epoch() != attempt_epoch_
                           : host_.guard.unloaded_since(key(), attempt_epoch_);
    if (cured)
        co_return replay();
    if (failed_for_all(*met) || braked(judged.verdict)) {
        conclude(failed_for_all(*met) ? met->acted : outcome::no_candidate);
        co_return false;
    }
    conclude(outcome::replay_failed);
    bool const again = co_await lead(judged);
    co_return again;
}

// Nothing is replayed, so the recovery is one for the next request.
net::task<void> exchange_recovery::heal_for_next(policy::judgement const& judged) {
    outcome_ = outcome::not_replayable;
    if (host_.guard.recovering()) {
        relation_ = relation::concluded;
        co_return;
    }
    host_.brake.done(key(), judged.verdict, host_.deadlines.now());
    auto cause = trigger(judged);
    cause.after_commit = true;
    host_.recoverer.start(std::move(cause), request_.authorization());
    record_ = host_.guard.latest();
    auto const healing = record_;
    relation_ = relation::joined;
    ++healing->awaiting;
    while (!left() && !healing->finished())
        co_await await_progress();
    healed_ = healing->finished() && healing->acted == outcome::pending && healing->unloaded() > 0;
    conclude(outcome::not_replayable);
}

net::task<void> exchange_recovery::await_admission() {
    if (arrival_ == 0)
        arrival_ = host_.next_arrival();
    bool const refused = relation_ == relation::joined;
    admitted_ = false;
    promoted_ = false;
    if (refused)
        host_.watch();
    if (host_.knows_oversized())
        claim_.context = request_.choice_of_context();
    place_.emplace(host_.line, claim_, host_.io, arrival_, refused);
    host_.reconsider();
    auto const until =
        refused ? std::optional{*refused_ + host_.settings->recovery.busy_wait} : std::nullopt;
    while (!left() && !place_->called() && !(until && host_.deadlines.now() >= *until))
        co_await place_->await_call(host_.deadlines, until);
    admitted_ = place_->admitted();
    promoted_ = place_->promoted();
    place_.reset();
    if (host_.lease.asked() || host_.lease.held())
        host_.reconsider();
    if (left() && admitted_)
        host_.settled(claim_);
}

net::task<void> exchange_recovery::await_progress() {
    net::gate::waiter waiting{host_.guard.progress()};
    waiter_ = &waiting;
    ++host_.guard_waiters;
    co_await waiting;
    --host_.guard_waiters;
    waiter_ = nullptr;
}

void exchange_recovery::fail() {
    host_.settled(claim_);
    claim_.end();
    if (relation_ == relation::replays_as_leader && !record_->finished())
        host_.recoverer.replayed(replay_end::gone);
    conclude(outcome::replay_failed);
}

void exchange_recovery::leave() {
    if (left())
        return;
    bool const leads = relation_ == relation::leads ||
                       (relation_ == relation::replays_as_leader && !record_->finished());
    auto const led = leads ? record_ : nullptr;
    bool const replays = relation_ == relation::replays_as_leader;
    conclude(outcome::client_gone, relation::left);
    relation_ = relation::left;
    if (waiter_ != nullptr)
        waiter_->cancel();
    claim_.end();
    host_.settled(claim_);
    if (place_) {
        place_->wake();
        host_.note_change(); // after that, so that its place is free by then
    }
    if (!led || led->finished())
        return;
    bool const heir = !replays && host_.promote(led->wanted.key);
    led->awaiting += heir ? 1 : 0;
    led->led = heir || replays;
    // It may have been about to replay.
    if (!heir && led->phase == phase::replaying)
        host_.recoverer.replayed(replay_end::gone);
    host_.note_change();
}

void exchange_recovery::heal(policy::judgement const& judged) {
    // What comes after output is no refusal to load, whatever it says: the model is loaded.
    bool const refuses = is_refusal(judged.verdict) && outcome_ != outcome::observed;
    auto const v = refuses ? verdict::insufficient_memory : judged.verdict;
    if (v == verdict::unloaded_in_flight) {
        host_.note_cut(claim_, attempt_epoch_);
        return;
    }
    // An answer that was only observed was a refusal from its first byte on.
    bool const observed = outcome_ == outcome::observed;
    bool const off = host_.settings->recovery.mode == config::recovery_mode::off;
    if (off || host_.guard.recovering() || host_.guard.epoch() != attempt_epoch_ ||
        request_.sent_blind() || (!observed && braked(v)) || unloads_paused())
        return;
    if (!observed)
        host_.brake.done(key(), v, host_.deadlines.now());
    auto cause = trigger(judged);
    cause.verdict = v;
    cause.after_commit = !observed;
    host_.recoverer.start(std::move(cause), request_.authorization());
}

recovery::trigger exchange_recovery::trigger(policy::judgement const& judged) const {
    recovery::trigger cause;
    cause.request_id = request_.id();
    cause.path = request_.path();
    cause.endpoint = request_.endpoint();
    cause.model = claim_.model().name();
    cause.named = named_;
    cause.kind = claim_.kind();
    cause.verdict = judged.verdict;
    cause.message = judged.message;
    cause.observed = observes_;
    cause.context = request_.choice_of_context();
    cause.refused = refused_.value_or(host_.deadlines.now());
    return cause;
}

// The model as the host's listing has it, or else as the request names it.
std::string_view exchange_recovery::key() {
    if (!host_.models.known())
        return claim_.model().name();
    auto const& known = host_.models.resolve(claim_);
    return known.match == lmstudio::match::found ? std::string_view{known.key}
                                                 : std::string_view{claim_.model().name()};
}

bool exchange_recovery::futile(verdict v) {
    return is_refusal(v) && host_.knows_oversized() &&
           host_.is_futile(key(), request_.choice_of_context());
}

// The same was unloaded a moment ago, and it did not help.
bool exchange_recovery::braked(verdict v) {
    bool const healing = !request_.replayable() || claim_.answering();
    if (!healing && v != verdict::model_crash)
        return false;
    return host_.brake.holds(key(), v, host_.deadlines.now(), host_.settings->recovery.cooldown);
}

} // namespace secondwind::recovery
