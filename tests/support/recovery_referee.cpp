#include "support/recovery_referee.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace secondwind::test {

using namespace std::chrono_literals;
using policy::for_memory;
using policy::verdict;
using recovery::outcome;
using recovery::record;
using recovery::step;

namespace {

std::string joined(std::vector<std::string> const& parts) {
    std::string all;
    for (auto const& p : parts)
        all += " " + p;
    return all;
}

} // namespace

recovery_referee::recovery_referee(virtual_time& time, simulated_host& host,
                                   recovery::host_recovery& recovery, recovery::ledger& ledger,
                                   config::settings const& settings, bool live)
    : time_{time}, host_{host}, recovery_{recovery}, ledger_{ledger}, settings_{settings},
      live_{live} {
    time_.on_settled = [this] { settled(); };
    host_.on_unload = [this](std::string const& id) { unload_asked(id); };
    host_.on_breach = [this](std::string const& text) { breach(text); };
    host_.on_load = [this](std::string const& model) { trace("load of " + model); };
    ledger_.observe([this](step s, record const& r) { step_taken(s, r); });
}

void recovery_referee::watch(simulated_exchange& e) {
    auto& mine = exchanges_.emplace(e.sent().id, watched{.exchange = &e}).first->second;
    e.on_attempt = [this, &e] { attempt_begins(e); };
    e.on_decision = [this, &mine](policy::next_step s) { decided(mine, s); };
    e.on_end = [this, &e] { ended(e); };
}

void recovery_referee::trace(std::string const& line) const {
    if (tracing)
        std::cerr << fmt::format("{:>7} ms  {}   [{} ]\n", time_.elapsed().count(), line,
                                 joined(host_.ids()));
}

void recovery_referee::breach(std::string text) {
    trace("BREACH: " + text);
    breaches_.push_back(fmt::format("at {} ms: {}", time_.elapsed().count(), text));
}

bool recovery_referee::pinned(simulated_host::instance const& i) const {
    return std::ranges::any_of(settings_.recovery.pinned, [&i](std::string const& glob) {
        return glob == "*:2" ? i.id.ends_with(":2") : glob == i.id || glob == i.model;
    });
}

bool recovery_referee::too_large(std::string const& model) const {
    auto const* const m = host_.find_model(model);
    return m != nullptr && m->size > host_.memory();
}

// By what the proxy can know: its own exchanges, and what the host tells when it is asked, which
// it is once a second.
bool recovery_referee::any_busy() const {
    return std::ranges::any_of(exchanges_,
                               [](auto const& e) { return e.second.exchange->in_flight(); }) ||
           virtual_time::now() - host_.last_foreign() < 1200ms;
}

// Which states there are is what docs/design.md says.
void recovery_referee::note_states() {
    for (auto const& [id, w] : exchanges_) {
        auto const& e = w.exchange->recovery();
        bool const at_gate = e.relation() == recovery::relation::waits_at_gate;
        auto const& r = at_gate ? recovery_.guard.latest() : e.met();
        recovery_state const state{e.relation(), r ? std::optional{r->phase} : std::nullopt};
        if (states_.insert(state).second && !recovery_table().contains(state))
            breach(id + " is in a state that does not exist: " + to_string(state));
    }
}

void recovery_referee::settled() {
    note_states();
    if (running_.size() > 1)
        breach("two recoveries run at once");
    if (recovery_.guard.recovering() != !running_.empty())
        breach("the guard and the ledger do not agree whether a recovery runs");
    auto const waiting = recovery_.guard.gate().waiting();
    if (!recovery_.guard.recovering() && waiting > 0)
        breach("an exchange waits, and no recovery runs");
    if (waiting > settings_.limits.recovery_waiters + 1)
        breach(fmt::format("{} wait", waiting));
    if (recovery_.in_flight.changed().waiting() > 0) {
        if (!any_busy())
            breach("a recovery waits, and no instance is busy");
        if (recovery_.guard.latest()->awaiting == 0)
            breach("a recovery waits, and no exchange awaits it");
        if (stopped_)
            breach("a recovery waits, and the server stops");
    }
    for (auto const& [id, w] : exchanges_)
        if (w.exchange->gone() && !w.exchange->over())
            breach(id + " has left, and still waits");
}

void recovery_referee::step_taken(step s, record const& r) {
    trace(fmt::format("recovery {} {} {}: {}, unloaded {}, outcome {}", r.id, to_string(s),
                      r.trigger.request_id, to_string(r.plan.reason), r.unloaded(),
                      to_string(s == step::concluded ? r.outcome : r.acted)));
    note_states();
    if (r.awaiting > exchanges_.size())
        breach("more conclusions than exchanges");
    if (s == step::began)
        began(r);
    else if (s == step::finished)
        finished(r);
    else if (s == step::concluded)
        concluded(r);
}

void recovery_referee::began(record const& r) {
    if (settings_.recovery.mode == config::recovery_mode::off)
        breach("a recovery began, though they are off");
    running_.insert(r.id);
    records_[r.id] = {virtual_time::now(), time_point::max(), host_.newest(), false};
    host_.reported_busy.reset();
    auto& leader = exchanges_.at(r.trigger.request_id);
    if (r.trigger.after_commit)
        return;
    leader.led = &r;
    if (leader.exchange->gone())
        breach(r.trigger.request_id + " leads and has left");
    // A failure that is late must not undo what was done for it. One that joined another recovery
    // first may not know any more.
    if (leader.step != policy::next_step::lead)
        return;
    for (auto const& earlier : ledger_.records())
        if (earlier->id != r.id && earlier->succeeded() && for_memory(r.trigger.verdict) &&
            for_memory(earlier->trigger.verdict) && earlier->trigger.model == r.trigger.model &&
            records_.at(earlier->id).finished > leader.exchange->attempt_began())
            breach(fmt::format("{} leads, and recovery {} has helped it since",
                               r.trigger.request_id, earlier->id));
}

void recovery_referee::finished(record const& r) {
    auto& when = records_.at(r.id);
    when.finished = virtual_time::now();
    if (running_.erase(r.id) != 1)
        breach("a recovery ended twice");
    bool const on = settings_.recovery.mode == config::recovery_mode::on;
    if (!on && !r.unloads.empty())
        breach("something was unloaded in mode observe");
    if (r.acted == outcome::busy_timeout) {
        if (when.finished - when.began < settings_.recovery.busy_wait)
            breach("it did not wait long enough for an idle instance");
        if (!any_busy())
            breach("it gave up because all are busy, and none is");
    }
    // Where all are busy, it is for others to wait.
    if (r.acted == outcome::no_candidate && r.plan.reason == policy::plan_reason::all_busy &&
        !r.trigger.after_commit)
        breach("it gave up at once, and some were only busy");
}

void recovery_referee::concluded(record const& r) {
    // A replay without an answer tells nothing of the model.
    bool const refused = r.outcome == outcome::replay_failed &&
                         exchanges_.at(r.trigger.request_id).exchange->answered();
    if (refused && r.unloaded() > 0 && too_large(r.trigger.model))
        oversized_[r.trigger.model].push_back(
            {records_.at(r.id).began, virtual_time::now(), r.plan.exhaustive});
}

void recovery_referee::unload_asked(std::string const& id) {
    trace("unload of " + id);
    auto const& current = recovery_.guard.latest();
    if (!recovery_.guard.recovering() || settings_.recovery.mode != config::recovery_mode::on)
        return breach("an unload without a recovery, or in a mode that has none");
    if (current->awaiting == 0 && !current->trigger.after_commit)
        breach(id + " is unloaded, and no exchange awaits that any more");
    auto const* const victim = host_.find(id);
    if (victim == nullptr)
        return;
    if (for_memory(current->trigger.verdict))
        unload_for_memory(*current, *victim);
    else
        unload_of_broken(*current, *victim);
}

void recovery_referee::unload_for_memory(record const& r, simulated_host::instance const& victim) {
    if (pinned(victim))
        breach(victim.id + " is pinned, and unloaded");
    bool const known =
        host_.find(r.trigger.model) != nullptr || host_.find_model(r.trigger.model) != nullptr;
    if (known && host_.serving(r.trigger.model) == &victim)
        breach(victim.id + " is wanted, and unloaded");
    not_futile(r);
    if (settings_.recovery.evict == policy::evict::all)
        return;
    for (auto const& [id, w] : exchanges_)
        if (w.exchange->in_flight() && w.exchange->call() != nullptr &&
            w.exchange->call()->on() == victim.number)
            breach(victim.id + " is unloaded, and serves " + id);
    if (!host_.reported_busy)
        breach("the host was not asked which instances are busy");
    else if (host_.reported_busy->contains(victim.id))
        breach(victim.id + " is unloaded, and the host called it busy");
}

void recovery_referee::unload_of_broken(record const& r, simulated_host::instance const& victim) {
    if (r.trigger.verdict == verdict::model_crash &&
        settings_.recovery.on_crash != policy::on_crash::reload)
        breach("a crashed model is unloaded, and on_crash is not reload");
    auto const* const named = host_.find(r.trigger.model);
    auto const& model = named != nullptr ? named->model : r.trigger.model;
    if (host_.find_model(model) != nullptr && model != victim.model &&
        host_.serving(model) != nullptr)
        breach(victim.id + " is unloaded for another model that is broken");
}

// A model that fits nowhere costs the others a partial eviction and a whole one. Recoveries that
// began before the first had failed count as one with it.
void recovery_referee::not_futile(record const& r) {
    if (r.unloads.size() > 1) // reported once
        return;
    auto const start = records_.at(r.id).began;
    unsigned rounds = 0;
    auto known_since = time_point::min();
    for (auto const& m : oversized_[r.trigger.model]) {
        if (m.when > start || start >= m.when + settings_.recovery.cooldown)
            continue;
        if (m.exhaustive)
            breach(r.trigger.model + " is known not to fit, and others go for it");
        rounds += m.began >= known_since ? 1 : 0;
        known_since = std::max(known_since, m.when);
    }
    if (rounds > 1)
        breach(r.trigger.model + " fits nowhere, and others go for it a third time");
}

void recovery_referee::attempt_begins(simulated_exchange& e) {
    note_states();
    trace(fmt::format("{} attempt {} for {}", e.sent().id, e.attempts(), e.sent().asks.model));
    auto const replays = e.attempts() - 1 - e.resends();
    if (replays > settings_.recovery.max_replays)
        breach(e.sent().id + " is replayed too often");
    if (e.resends() > 1 || (e.resends() == 1 && !(e.fresh() && e.sent().idempotent)))
        breach(e.sent().id + " is resent, and must not be");
    if (e.committed() || e.over())
        breach(e.sent().id + " is replayed, and its answer had begun");
    if (replays > 0 && settings_.recovery.mode != config::recovery_mode::on)
        breach(e.sent().id + " is replayed in a mode that does not");
    if (e.attempts() == 1 && recovery_.guard.holding())
        breach(e.sent().id + " does not wait for the recovery");
    if (e.gone())
        breach(e.sent().id + " has left, and is sent");
}

} // namespace secondwind::test
