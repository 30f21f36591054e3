#include <secondwind/recovery/host_recovery.hpp>

#include <secondwind/base/log.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::recovery {

namespace {

using namespace std::chrono_literals;
using policy::admission;
using policy::wish;

constexpr auto watched_for = 60s;
// Requests for an instance keep coming if the last one ended no longer ago.
constexpr auto pause_between = 3s;
constexpr auto longest_residency = 30s;
// While more wait than these, each gets a shorter turn.
constexpr std::size_t few_models = 2;

bool contains(std::vector<std::string> const& all, std::string_view one) noexcept {
    return std::ranges::find(all, one) != all.end();
}

} // namespace

host_recovery::host_recovery(std::string host, boost::asio::io_context& event_loop,
                             net::deadline_queue& queue, recovery::control& control,
                             recovery::ledger& records, config::current_settings const& in_force)
    : deadlines{queue}, settings{in_force}, ledger{records}, name{std::move(host)}, io{event_loop},
      guard{event_loop}, pauses{event_loop, queue}, recoverer{*this, control}, reloads{*this,
                                                                                       control},
      turns{*this, control}, lease{*this, control}, rested_{event_loop}, calm_{queue,
                                                                               "recovery.watch",
                                                                               *this} {
    in_flight.watch(this);
}

void host_recovery::watch() {
    watching_ = true;
    calm_.after(watched_for);
}

void host_recovery::on_timer() {
    bool const goes_on = guard.gate() != policy::gate::open || !line.empty() || takes_turns() ||
                         guard.recovering() || lease.asked() || lease.held();
    watching_ = goes_on;
    if (goes_on)
        calm_.after(watched_for);
}

bool host_recovery::takes_turns() const noexcept {
    auto const how = settings->recovery.turns;
    return how == policy::turns::on || (how == policy::turns::automatic && evicts_by_itself_);
}

policy::gate host_recovery::gate() const noexcept {
    if (lease.held())
        return policy::gate::leased;
    return guard.gate() == policy::gate::open && head_ != nullptr ? policy::gate::replaying
                                                                  : guard.gate();
}

std::vector<std::string> host_recovery::loading() {
    std::vector<std::string> keys;
    if (!models.known())
        return keys;
    for (auto& each : in_flight.claims()) {
        if (each.answering() || !each.possible())
            continue;
        auto const& wanted = models.resolve(each);
        if (wanted.match == lmstudio::match::found && models.is_unloaded(wanted.key) &&
            !contains(keys, wanted.key))
            keys.push_back(wanted.key);
    }
    return keys;
}

bool host_recovery::usage::of(lmstudio::instance const& i) const noexcept {
    return any || std::ranges::find(instances, i.id, &lmstudio::instance::id) != instances.end();
}

host_recovery::usage host_recovery::in_use() {
    usage all;
    for (auto& each : in_flight.claims()) {
        if (!each.possible())
            continue;
        if (auto const* const serves = models.serving(each)) {
            if (!all.of(*serves))
                all.instances.push_back(serves);
        } else if (models.resolve(each).match != lmstudio::match::found) {
            all.any = all.any || !each.model().name().empty() || each.model().unnamed();
        }
    }
    return all;
}

std::optional<host_recovery::time_point>
host_recovery::residency_end(lmstudio::instance const& i) const {
    auto const* const use = models.use_of(i.id);
    if (use == nullptr || !use->loaded)
        return std::nullopt;
    duration span = std::min<duration>(use->load * (several_wait_ ? 1 : 2), longest_residency);
    if (settings->recovery.residency)
        span = *settings->recovery.residency;
    return *use->loaded + span;
}

bool host_recovery::within_residency(lmstudio::instance const& i, time_point now) const {
    auto const end = residency_end(i);
    return end && now < *end;
}

bool host_recovery::is_resident(lmstudio::instance const& i, time_point now) {
    if (!within_residency(i, now))
        return false;
    auto const idle_since = models.use_of(i.id)->idle_since;
    return is_used(i) || !idle_since || now - *idle_since < pause_between;
}

bool host_recovery::is_pinned(claim& by, lmstudio::instance const* served) const {
    auto const& globs = settings->recovery.pinned;
    if (globs.empty())
        return false;
    if (served != nullptr)
        return policy::is_pinned(*served, globs);
    if (models.known() || by.load_refused)
        return false;
    lmstudio::instance named;
    named.id = by.model().name();
    return !named.id.empty() && policy::is_pinned(named, globs);
}

// Another request for the same model came a moment ago, and it is not known to be loaded. The
// models are asked for at most once a minute: a host that does not say so is no reason to wait. One
// that has said that the model is not loaded is.
bool host_recovery::is_cold(claim& by) {
    auto const now = deadlines.recently();
    if (models.answered_alike(by.model(), now))
        return false;
    auto const& asked = by.model().name();
    if (asked.empty() || models.answered_lately(asked, now))
        return false;
    bool const another = std::ranges::any_of(in_flight.claims(), [&](claim const& each) {
        return &each != &by && !each.answering() && each.possible() && each.model().name() == asked;
    });
    if (!another || !models.asked_within(watched_for, now))
        return another;
    auto const& wanted = models.resolve(by);
    return models.known() && wanted.match == lmstudio::match::found &&
           models.is_unloaded(wanted.key);
}

policy::wish host_recovery::wish_of(claim& by, std::vector<std::string> const& being_loaded,
                                    bool first, bool refused) {
    if (!by.possible())
        return wish::nothing;
    auto const* const served = models.known() ? models.serving(by) : nullptr;
    if (is_pinned(by, served))
        return wish::pinned;
    // Whatever it uses, only a lab makes it wait.
    if (settings->recovery.mode != config::recovery_mode::on && !refused)
        return wish::loaded;
    auto const target = [this] {
        return guard.window() && guard.window()->holds() ? wish::held_target : wish::free_target;
    };
    if (served != nullptr) {
        if (within_residency(*served, deadlines.now()))
            return wish::resident;
        return guard.is_target(served->id) ? target() : wish::loaded;
    }
    // What was refused is not loaded, even if a host that was down has to be asked again.
    if (!models.known() && refused)
        return first ? wish::first : wish::later;
    if (!models.known()) {
        bool const ask = takes_turns() ? !models.asked_within(watched_for, deadlines.now())
                                       : settings->cold_load.gate && is_cold(by);
        return ask ? wish::loading : wish::loaded;
    }
    auto const& wanted = models.resolve(by);
    // Whatever the host makes of such a name, it may use any instance.
    if (wanted.match != lmstudio::match::found && refused)
        return first ? wish::first : wish::later;
    if (wanted.match != lmstudio::match::found)
        return guard.gate() == policy::gate::waiting ? target() : wish::loaded;
    if (is_futile(wanted.key, by.context))
        return wish::futile;
    if (contains(being_loaded, wanted.key))
        // One that was refused would be refused again at once, and so on until that load is over.
        return settings->cold_load.gate || refused ? wish::loading : wish::loaded;
    if (!refused && guard.gate() != policy::gate::open &&
        policy::is_crumb(models.size_of(wanted.key), guard.need()))
        return wish::crumb;
    return first ? wish::first : wish::later;
}

std::vector<lmstudio::instance> host_recovery::evictable_for(std::string_view model) const {
    std::vector<lmstudio::instance> others;
    for (auto const& each : models.all().loaded) {
        // What was loaded by hand stays, as far as the host says which that is.
        bool const may_go = each.jit || each.last_used_ms == 0;
        if (may_go && each.device.empty() && each.model != model)
            others.push_back(each);
    }
    return others;
}

bool host_recovery::must_wait_for_turn(claim& by) {
    if (!takes_turns())
        return false;
    auto const now = deadlines.now();
    auto const& wanted = models.resolve(by);
    // A load that has begun would be broken off as well.
    if (std::ranges::any_of(loading(), [&](auto const& key) { return key != wanted.key; }))
        return true;
    return std::ranges::any_of(
        evictable_for(models.resolve(by).key),
        [&](lmstudio::instance const& i) { return is_used(i) || is_resident(i, now); });
}

bool host_recovery::admits(claim& by) {
    if (pauses.stopped())
        return true;
    if (!looks())
        return !is_cold(by);
    // Of what is loaded, an open gate admits all.
    if (gate() == policy::gate::open && models.known() && models.serving(by) != nullptr)
        return true;
    bool const others_wait = std::ranges::any_of(line.places(), [&](line::place& each) {
        return !each.admitted() && models.known() && models.serving(each.by()) == nullptr &&
               &each.by() != &by;
    });
    auto const wanted = wish_of(by, loading(), !others_wait, false);
    if (policy::admit(wanted, gate()) != admission::pass)
        return false;
    if (wanted == wish::first && must_wait_for_turn(by))
        return false;
    if (wanted == wish::first)
        expect_eviction(by);
    return true;
}

// A host that evicts by itself unloads what other requests have loaded.
void host_recovery::expect_eviction(claim& by) {
    if (!takes_turns())
        return;
    for (auto const& each : evictable_for(models.resolve(by).key))
        models.unloaded(each.id);
}

void host_recovery::reconsider() {
    if (reconsidering_)
        return;
    reconsidering_ = true;
    boost::asio::post(io, [this] {
        reconsidering_ = false;
        decide();
        rested_.open();
    });
}

// Those whose model is loaded go as they came. Of the others, one at a time: the one that came
// first, so the next line is the one whose oldest request is oldest.
void host_recovery::decide() {
    lease.consider();
    auto being_loaded = loading();
    bool first = true;
    bool follows = false;
    std::vector<std::string> waiting_models;
    if (guard.recovering())
        waiting_models.push_back(guard.latest()->wanted.key);
    for (auto& each : line.places()) {
        if (each.admitted())
            continue;
        if (pauses.stopped()) {
            each.admit();
            continue;
        }
        auto const wanted = wish_of(each.by(), being_loaded, first, each.refused());
        follows = follows || wanted == wish::loading;
        if (wanted == wish::first || wanted == wish::later) {
            auto const& key = models.resolve(each.by()).key;
            if (!contains(waiting_models, key))
                waiting_models.push_back(key);
            first = false;
        }
        if (policy::admit(wanted, gate()) != admission::pass)
            continue;
        if (wanted == wish::first) {
            if (must_wait_for_turn(each.by())) {
                turns.await_turn(each);
                continue;
            }
            admit_head(each);
            continue;
        }
        if (wanted == wish::crumb && settings->cold_load.gate)
            being_loaded.push_back(models.resolve(each.by()).key); // once
        each.admit();
    }
    // Residency lasts longer from now on.
    if (std::exchange(several_wait_, waiting_models.size() > few_models) && !several_wait_)
        reconsider();
    if (follows && !lease.held())
        turns.watch_loads();
}

bool host_recovery::waits_for_load() {
    auto const being_loaded = loading();
    return std::ranges::any_of(line.places(), [&](line::place& each) {
        return !each.admitted() &&
               wish_of(each.by(), being_loaded, false, each.refused()) == wish::loading;
    });
}

void host_recovery::answered(claim& by) {
    by.answered();
    if (!looks()) {
        if (by.model().is_read() || by.generation != 0)
            models.note_answer(by.model(), deadlines.recently());
    } else {
        auto const now = deadlines.now();
        models.answered(by, now);
        learn_load(by, now);
        bounds.loaded(models.bytes_loaded(), now);
        note_change();
    }
    settled(by);
    if (!line.empty())
        reconsider();
}

void host_recovery::settled(claim const& by) {
    if (head_ != &by)
        return;
    head_ = nullptr;
    reconsider();
}

void host_recovery::on_end(claim& ended) noexcept {
    if (head_ == &ended)
        head_ = nullptr;
    if (!line.empty())
        reconsider();
    if (!looks())
        return;
    if (lease.asked()) {
        lease.note_use();
        reconsider();
    }
    auto const now = deadlines.now();
    learn_pace(ended, now);
    models.ended(ended, now);
    note_change();
}

void host_recovery::note_end(record const& r) {
    if (r.acted == outcome::unload_failed) {
        auto const length = unload_pause.failed(deadlines.now());
        if (length > length.zero())
            log::write(log::level::warn, "recoveries_paused",
                       {{"host", name},
                        {"failures", unload_pause.failures()},
                        {"pause_s", std::int64_t{length.count()}},
                        {"error", r.error}});
    } else if (r.unloaded() > 0) {
        if (auto const suppressed = unload_pause.worked())
            log::write(log::level::info, "recoveries_resumed",
                       {{"host", name}, {"suppressed", *suppressed}});
    }
}

bool host_recovery::promote(std::string_view key) {
    for (auto& each : line.places()) {
        if (!each.refused() || each.admitted() || models.resolve(each.by()).key != key)
            continue;
        each.promote();
        return true;
    }
    return false;
}

} // namespace secondwind::recovery
