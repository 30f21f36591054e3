#include <secondwind/recovery/recoverer.hpp>

#include "episode.hpp"
#include "eviction.hpp"
#include "plan_request.hpp"
#include "targets.hpp"
#include <secondwind/net/timed_wait.hpp>
#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace secondwind::recovery {

using policy::plan_reason;

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using time_point = net::deadline::clock::time_point;

// After so many wrong guesses that an instance is idle, the next one comes after a pause.
constexpr unsigned most_mistakes = 3;

std::chrono::microseconds between(time_point from, time_point to) {
    return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}

void end(record& r, outcome result, std::string error = {}) {
    r.acted = result;
    r.error = std::move(error);
}

bool has(policy::plan const& plan, policy::decision d) {
    return std::ranges::find(plan.considered, d, &policy::consideration::decision) !=
           plan.considered.end();
}

// There is nothing that a plan could unload, or nothing any more.
outcome outcome_without_unload(record const& r) {
    if (r.unloaded() > 0)
        return outcome::replay_failed;
    return r.plan.reason == plan_reason::too_large ? outcome::futile : outcome::no_candidate;
}

void end_waiting(record& r) {
    end(r, outcome::busy_timeout, "all that could be unloaded stayed busy for recovery.busy_wait");
}

} // namespace

recoverer::recoverer(host_recovery& host, recovery::control& control)
    : host_{host}, control_{control}, changed_{host.io}, replayed_{host.io} {}

void recoverer::start(trigger cause, std::string authorization) {
    auto r = host_.ledger.open(host_.name, std::move(cause));
    r->holds = host_.settings->recovery.mode == config::recovery_mode::on && !r->trigger.observed;
    // The answer has passed where nothing is held.
    r->awaiting = r->trigger.after_commit || !r->holds ? 0 : 1;
    host_.turns.interrupt();
    host_.guard.begin(r);
    host_.watch();
    if (r->holds)
        host_.guard.set_gate(policy::gate::planning);
    net::spawn(run(std::move(r), std::move(authorization)));
}

void recoverer::stop() {
    changed_.open();
    replayed_.open();
}

bool recoverer::late(record const& r) const noexcept {
    return host_.deadlines.now() >= r.trigger.refused + host_.settings->recovery.busy_wait;
}

bool recoverer::abandoned(record const& r) const noexcept {
    return host_.pauses.stopped() || r.abandoned();
}

net::task<void> recoverer::run(std::shared_ptr<record> r, std::string authorization) {
    auto const start = host_.deadlines.now();
    try {
        co_await host_.lease.until_free();
        co_await act(*r, std::move(authorization));
    } catch (std::exception const& e) {
        // Whatever went wrong here, the exchanges that wait must go on.
        end(*r, outcome::unload_failed, e.what());
    }
    r->took = between(start, host_.deadlines.now());
    if (r->trigger.after_commit || !r->holds)
        r->outcome = r->acted == outcome::pending ? outcome::healed : r->acted;
    host_.ledger.finish(*r);
    host_.note_end(*r);
    host_.guard.end();
    host_.watch();
    host_.reconsider();
}

net::task<void> recoverer::act(record& r, std::string authorization) {
    co_await read_bodies();
    episode e;
    e.authorization = std::move(authorization);
    if (host_.settings->recovery.evict != policy::evict::enough)
        e.stage = policy::stage::everything_idle;
    for (;;) {
        bool listed = co_await plan(r, e);
        if (!listed && !host_.pauses.stopped()) {
            co_await host_.pauses.pause(first_look);
            end(r, outcome::pending);
            listed = co_await plan(r, e);
        }
        if (!listed)
            co_return;
        if (r.trigger.observed || host_.settings->recovery.mode == config::recovery_mode::observe) {
            r.acted = outcome::observed;
            co_return;
        }
        if (abandoned(r)) {
            r.acted = outcome::client_gone;
            co_return;
        }
        if (r.unloaded() > 0 && late(r)) {
            end_waiting(r);
            co_return;
        }
        bool const less = e.bytes_refused && host_.models.bytes_loaded() < *e.bytes_refused;
        switch (r.plan.reason) {
        case plan_reason::all_busy: {
            // No exchange awaits a healing, so it must not make new requests wait either.
            if (r.trigger.after_commit) {
                r.acted = outcome::no_candidate;
                co_return;
            }
            bool const goes_on = co_await wait_for_idle(r, e);
            if (!goes_on) {
                end_waiting(r);
                co_return;
            }
            if (abandoned(r)) {
                r.acted = outcome::client_gone;
                co_return;
            }
            continue;
        }
        case plan_reason::unload: {
            e.waited = false;
            bool const unloaded = co_await evict(host_, control_, r, e.authorization);
            // Others may have unloaded something meanwhile.
            bool const helped =
                unloaded || (r.acted == outcome::unload_failed && !host_.pauses.stopped() &&
                             e.bytes_refused && host_.models.bytes_loaded() < *e.bytes_refused);
            if (!helped)
                co_return;
            end(r, outcome::pending);
            r.plan.exhaustive = r.plan.exhaustive && !still_loaded(r.plan, host_.models.all());
            break;
        }
        case plan_reason::loaded:
            e.sent_as_loaded = true;
            break;
        case plan_reason::too_large:
        case plan_reason::nothing_loaded:
        case plan_reason::all_pinned:
        case plan_reason::not_curable: {
            bool replays = less;
            replays = replays || fitting(r).has_value();
            // A host that has nothing loaded may be loading something for somebody else.
            if (!replays && policy::is_refusal(r.trigger.verdict) && r.plan.considered.empty())
                replays = co_await look_again(e);
            if (!replays) {
                r.acted = outcome_without_unload(r);
                co_return;
            }
            break;
        }
        }
        if (r.trigger.after_commit) {
            if (r.unloaded() == 0)
                r.acted = outcome::no_candidate;
            co_return;
        }
        if (auto const context = fitting(r)) {
            bool const fitted = co_await fit(r, e.authorization, *context);
            if (!fitted)
                co_return;
        }
        bool const over = co_await replay_until_loaded(r, e);
        if (over)
            co_return;
        e.stage = policy::stage::everything_idle;
        host_.guard.set_gate(policy::gate::closed);
    }
}

// Which models the requests in flight name, each large body in a turn of its own of the event loop:
// a plan reads no body. Requests that come later are read as they come.
net::task<void> recoverer::read_bodies() {
    constexpr std::size_t large = 256 * 1024;
    for (bool unread = true; unread && !host_.pauses.stopped();) {
        unread = false;
        for (auto& each : host_.in_flight.claims()) {
            if (each.model().is_read())
                continue;
            static_cast<void>(each.model().name());
            unread = each.model().size() > large;
            if (unread)
                break;
        }
        if (unread)
            co_await host_.pauses.pause(milliseconds{1});
    }
}

// The models of the host, and what is to be unloaded. False where there is no listing.
net::task<bool> recoverer::plan(record& r, episode& e) {
    bool const first = !e.planned;
    r.phase = phase::listing;
    auto listed = co_await control_.list(e.authorization);
    auto const now = host_.deadlines.now();
    r.phase = phase::planning;
    if (!listed.instances) {
        host_.models.not_listed(now);
        end(r, outcome::unload_failed, listed.error);
        co_return false;
    }
    host_.models.listed(std::move(*listed.instances), std::move(listed.unloaded), now);
    host_.reconsider(); // a model of those that wait may be loaded by now
    host_.oversized.listed(host_.models.keys());
    host_.oversized_as_named.listed(host_.models.keys());
    host_.bounds.loaded(host_.models.bytes_loaded(), now);
    // What was refused is no model that happens to be loaded.
    auto const& asked = r.trigger.named.empty() ? r.trigger.model : r.trigger.named;
    r.wanted = policy::is_refusal(r.trigger.verdict)
                   ? lmstudio::find_model(asked, host_.models.all())
                   : lmstudio::resolve(asked, host_.models.all(), r.trigger.kind);
    if (!e.bytes_refused) {
        e.bytes_refused = host_.models.bytes_loaded();
        if (*e.bytes_refused > 0)
            host_.learn_refusal(r, *e.bytes_refused);
    }
    if (first)
        host_.ledger.note(step::listed, r);

    auto const before = r.plan.reason;
    r.plan = policy::make_plan(plan_request_for(host_, r, e.stage, e.sent_as_loaded),
                               candidates_of(host_));
    // Only if something would be unloaded is the host asked which instances are busy.
    bool const spares = policy::for_memory(r.trigger.verdict) &&
                        host_.settings->recovery.evict != policy::evict::all;
    if (spares && r.plan.reason == plan_reason::unload) {
        auto known = host_.models.all();
        auto told = co_await control_.with_activity(std::move(known.loaded), e.authorization);
        host_.models.listed(std::move(told), std::move(known.unloaded), host_.deadlines.now());
        r.plan = policy::make_plan(plan_request_for(host_, r, e.stage, e.sent_as_loaded),
                                   candidates_of(host_));
    }
    e.planned = true;
    if (first || r.plan.reason != before)
        host_.ledger.note(step::planned, r);
    co_return true;
}

// True when it is worth listing again; false when the leader has waited long enough.
net::task<bool> recoverer::wait_for_idle(record& r, episode& e) {
    bool const foreign = has(r.plan, policy::decision::busy_there);
    bool const holds = host_.settings->recovery.mode == config::recovery_mode::on;
    auto const now = host_.deadlines.now();
    if (holds)
        host_.guard.wait_for(r.plan.targets,
                             plan_request_for(host_, r, e.stage, e.sent_as_loaded).need,
                             host_.settings->recovery.gate_wait, now);
    r.phase = phase::waiting_for_idle;
    if (!e.waited)
        host_.ledger.note(step::waiting, r);
    e.waited = true;
    // A target seemed idle, and the plan found it busy, again and again.
    if (e.seemed_idle > most_mistakes) {
        net::timed_wait change{changed_, host_.deadlines, first_pace};
        co_await change;
    }
    auto const awaited = busy_targets(r.plan);
    auto const loads = host_.loading();
    for (;;) {
        bool const idle = update_window(host_, awaited, foreign);
        host_.reconsider();
        e.seemed_idle = idle ? e.seemed_idle + 1 : 0;
        if (idle || abandoned(r) || host_.loading() != loads)
            co_return true;
        // Another exchange may lead it by now.
        auto const until = r.trigger.refused + host_.settings->recovery.busy_wait;
        auto const left = std::chrono::ceil<milliseconds>(until - host_.deadlines.now());
        if (left <= 0ms)
            co_return false;
        auto span = left;
        if (auto const next = next_change(host_, awaited))
            span = std::min(span, *next);
        if (foreign)
            span = std::min(span, e.pace);
        net::timed_wait change{changed_, host_.deadlines, span};
        co_await change;
        if (foreign) {
            e.pace = std::min(e.pace * 2, slowest_pace);
            co_return true;
        }
    }
}

} // namespace secondwind::recovery
