// What the referee says of recoveries, and of what they unload.
#include "support/recovery_referee.hpp"

#include <secondwind/policy/gate_window.hpp>
#include <secondwind/policy/memory_requirement.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace secondwind::test {

using namespace std::chrono_literals;
using policy::for_memory;
using policy::is_refusal;
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

std::size_t count(record const& r, step s) {
    return static_cast<std::size_t>(std::ranges::count(r.steps, s, &recovery::step_record::step));
}

} // namespace

recovery_referee::recovery_referee(virtual_time& time, simulated_host& host,
                                   recovery::host_recovery& recovery, recovery::ledger& ledger,
                                   config::settings const& settings, recovery_promises promises)
    : time_{time}, host_{host}, recovery_{recovery}, ledger_{ledger}, settings_{settings},
      promises_{promises}, bytes_read_{lmstudio::requested_model::bytes_read()} {
    time_.on_settled = [this] { settled(); };
    host_.on_unload = [this](std::string const& id) { unload_asked(id); };
    host_.on_breach = [this](std::string const& text) { breach(text); };
    host_.on_load = [this](std::string const& model) { trace("load of " + model); };
    host_.on_refusal = [this](std::string const& model, verdict v) {
        trace("load of " + model + " is refused");
        if (v == verdict::load_refused)
            refused_.insert(model);
    };
    ledger_.observe([this](step s, record const& r) { step_taken(s, r); });
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

bool recovery_referee::always_on() const {
    return settings_.recovery.mode == config::recovery_mode::on;
}

bool recovery_referee::fits(std::string const& model) const {
    auto const* const m = host_.find_model(model);
    return m != nullptr && m->size <= host_.memory();
}

// By what the proxy can know: its own exchanges, and what the host tells when it is asked, which
// it is once a second. An instance that was loaded a moment ago is not idle yet.
bool recovery_referee::any_busy() const {
    auto const now = virtual_time::now();
    return std::ranges::any_of(exchanges_,
                               [](auto const& e) { return e.second.exchange->in_flight(); }) ||
           now - host_.last_foreign() < 1200ms ||
           std::ranges::any_of(recovery_.models.all().loaded, [&](lmstudio::instance const& i) {
               return recovery_.is_resident(i, now);
           });
}

// Which states there are is what docs/design.md says.
void recovery_referee::note_states() {
    for (auto const& [id, w] : exchanges_) {
        auto const& e = w.exchange->recovery();
        bool const at_gate = e.relation() == recovery::relation::waits_at_gate;
        bool const runs = recovery_.guard.recovering();
        auto const r = !at_gate ? e.met() : runs ? recovery_.guard.latest() : nullptr;
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
    auto const waiting = recovery_.waiting();
    // A leader and a healing do not count.
    if (waiting > settings_.limits.recovery_waiters + 2)
        breach(fmt::format("{} wait", waiting));
    check_recovery();
    check_waiting();
    check_futile();
    for (auto const& [id, w] : exchanges_)
        if (w.exchange->gone() && !w.exchange->over())
            breach(id + " has left, and still waits");
}

void recovery_referee::check_recovery() {
    bool const waits = recovery_.guard.recovering() &&
                       recovery_.guard.latest()->phase == recovery::phase::waiting_for_idle;
    if (!waits || any_busy()) {
        needless_.reset();
    } else {
        if (!needless_)
            needless_ = virtual_time::now();
        // It lists the models once more, twice if that fails.
        if (virtual_time::now() - *needless_ > 2s)
            breach("a recovery waits, and no instance is busy");
    }
    if (waits && recovery_.guard.latest()->awaiting == 0)
        breach("a recovery waits, and no exchange awaits it");
    if (waits && stopped_)
        breach("a recovery waits, and the server stops");
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
}

void recovery_referee::began(record const& r) {
    if (settings_.recovery.mode == config::recovery_mode::off)
        breach("a recovery began, though they are off");
    running_.insert(r.id);
    records_[r.id] = {.began = virtual_time::now(), .lists = host_.lists, .ends = ends_};
    host_.reported_busy.reset();
    auto const& leader = exchanges_.at(r.trigger.request_id);
    if (!r.trigger.after_commit && leader.exchange->gone())
        breach(r.trigger.request_id + " leads and has left");
    if (is_refusal(r.trigger.verdict) &&
        recovery_.is_futile(r.trigger.model, policy::context_choice::open))
        breach(r.trigger.model + " is known not to fit, and a recovery begins for it");
}

void recovery_referee::finished(record const& r) {
    auto const& when = records_.at(r.id);
    if (running_.erase(r.id) != 1)
        breach("a recovery ended twice");
    if (!always_on() && !r.unloads.empty())
        breach("something was unloaded in mode observe");
    auto const now = virtual_time::now();
    if (r.acted == outcome::busy_timeout && now - r.trigger.refused < settings_.recovery.busy_wait)
        breach("it did not wait long enough for an idle instance");
    // Where all are busy, it is for others to wait.
    if (r.acted == outcome::no_candidate && r.plan.reason == policy::plan_reason::all_busy &&
        !r.trigger.after_commit)
        breach("it gave up at once, and some were only busy");
    if (now - when.began > promises_.longest_wait)
        breach(fmt::format("recovery {} took longer than the windows of the gate allow", r.id));
    // A few listings for each plan; a plan for each round of unloads, each end of an exchange and
    // each second of waiting.
    auto const rounds = count(r, step::replaying) + r.unloads.size() + (ends_ - when.ends);
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(now - when.began).count();
    auto const most = 20 + 4 * rounds + 3 * static_cast<std::size_t>(seconds);
    if (host_.lists - when.lists > most)
        breach(fmt::format("recovery {} has listed the models {} times", r.id,
                           host_.lists - when.lists));
}

void recovery_referee::unload_asked(std::string const& id) {
    trace("unload of " + id);
    if (recovery_.lease.held()) {
        if (!id.starts_with("lab"))
            breach(id + " is unloaded, and no lab has loaded it");
        return;
    }
    auto const& current = recovery_.guard.latest();
    if (!recovery_.guard.recovering() || !always_on())
        return breach("an unload without a recovery, or in a mode that has none");
    if (current->awaiting == 0 && !current->trigger.after_commit)
        breach(id + " is unloaded, and no exchange awaits that any more");
    if (std::ranges::find(current->plan.victims, id, &lmstudio::instance::id) ==
        current->plan.victims.end())
        breach(id + " is unloaded, and was not planned");
    auto const* const victim = host_.find(id);
    if (victim == nullptr)
        return;
    records_.at(current->id).unloaded.insert(victim->number);
    if (for_memory(current->trigger.verdict))
        unload_for_memory(*current, *victim);
    else
        unload_of_broken(*current, *victim);
}

void recovery_referee::unload_for_memory(record const& r, simulated_host::instance const& victim) {
    if (pinned(victim))
        breach(victim.id + " is pinned, and unloaded");
    if (victim.named && settings_.recovery.evict_named == policy::evict_named::never)
        breach(victim.id + " has a name of its own, and is unloaded");
    if (!victim.device.empty())
        breach(victim.id + " is on another machine, and unloaded");
    auto const kind = exchanges_.at(r.trigger.request_id).exchange->sent().asks.kind;
    bool const known =
        host_.find(r.trigger.model) != nullptr || host_.find_model(r.trigger.model) != nullptr;
    // A name that is not known means what the proxy has listed.
    bool const old = virtual_time::now() - host_.changed() > 5s;
    if ((known || old) && host_.serving(r.trigger.model, kind) == &victim)
        breach(victim.id + " is wanted, and unloaded");
    enough_goes(r);
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
    auto const found = loaded_.find(victim.number);
    if (found == loaded_.end() || host_.takes.unlisted > 0ms)
        return;
    auto const& [answered, took] = found->second;
    auto const now = virtual_time::now();
    auto const stays =
        settings_.recovery.residency.value_or(std::min<virtual_time::milliseconds>(took, 30s));
    if (now < answered + stays && now - victim.served < 2s)
        breach(victim.id + " was loaded a moment ago, is used, and unloaded");
}

// Nothing goes that is known to be too little, and no more than is needed.
void recovery_referee::enough_goes(record const& r) {
    if (r.plan.victims.empty() || settings_.recovery.evict == policy::evict::all)
        return;
    auto const& known = recovery_.models;
    auto const size = known.size_of(r.wanted.key);
    auto const need = std::max(size, policy::required_bytes(r.trigger.message).value_or(0));
    auto const sum_of = [](auto const& all) {
        std::uint64_t sum = 0;
        for (auto const& each : all)
            sum += each.device.empty() ? each.size_bytes : 0;
        return sum;
    };
    bool const first_of_plan = r.unloads.back().instance.id == r.plan.victims.front().id;
    if (!first_of_plan)
        return;
    auto const going = sum_of(r.plan.victims);
    auto const refused = recovery_.bounds.least_refused(virtual_time::now());
    bool const refusal = is_refusal(r.trigger.verdict);
    std::uint64_t idle = 0;
    for (auto const& [i, decision] : r.plan.considered)
        idle += decision == policy::decision::unload || decision == policy::decision::not_needed
                    ? i.size_bytes
                    : 0;
    // With nothing busy there is nothing to wait for, and the refusal may have passed.
    bool const waits = std::ranges::any_of(r.plan.considered, [](policy::consideration const& c) {
        using enum policy::decision;
        return c.decision == busy_here || c.decision == busy_there || c.decision == resident;
    });
    if (refusal && waits && refused && size != 0 && known.bytes_loaded() - idle + size >= *refused)
        breach(fmt::format("recovery {} unloads what is known to be too little", r.id));
    if (!refusal || size == 0)
        return;
    auto const crumb = [&](lmstudio::instance const& i) { return i.size_bytes < size / 10; };
    if (waits && std::ranges::all_of(r.plan.victims, crumb))
        breach(fmt::format("recovery {} unloads crumbs alone, while others are busy", r.id));
    bool const first_stage = settings_.recovery.evict == policy::evict::enough &&
                             count(r, step::refused) == 0 && host_.loading().empty() &&
                             recovery_.in_flight.awaiting() == 0;
    if (!first_stage)
        return;
    for (auto const& victim : r.plan.victims)
        if (victim.size_bytes > 0 && going - victim.size_bytes >= need)
            breach(victim.id + " is unloaded, and the others are enough");
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

} // namespace secondwind::test
