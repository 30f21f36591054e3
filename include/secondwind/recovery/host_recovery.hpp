// All that recovers one host, and decides which requests go to it now.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/policy/admission.hpp>
#include <secondwind/policy/brake.hpp>
#include <secondwind/policy/lab_results.hpp>
#include <secondwind/policy/memory_bounds.hpp>
#include <secondwind/policy/oversized_models.hpp>
#include <secondwind/policy/pace.hpp>
#include <secondwind/policy/unload_pause.hpp>
#include <secondwind/recovery/host_guard.hpp>
#include <secondwind/recovery/host_models.hpp>
#include <secondwind/recovery/in_flight.hpp>
#include <secondwind/recovery/lab_lease.hpp>
#include <secondwind/recovery/ledger.hpp>
#include <secondwind/recovery/line.hpp>
#include <secondwind/recovery/pauses.hpp>
#include <secondwind/recovery/permit.hpp>
#include <secondwind/recovery/recoverer.hpp>
#include <secondwind/recovery/reloads.hpp>
#include <secondwind/recovery/turn_keeper.hpp>
#include <secondwind/telemetry/histogram.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::recovery {

// The exchanges in flight, those that wait, what is known of the host's models, and the recoverer
// that carries recoveries out. It knows no socket: the host is reached through `control`.
class host_recovery final : in_flight::watcher, net::timer_handler {
public:
    using time_point = std::chrono::steady_clock::time_point;
    using duration = std::chrono::steady_clock::duration;

    // All must outlive it.
    host_recovery(std::string host, boost::asio::io_context& io, net::deadline_queue& queue,
                  recovery::control& control, recovery::ledger& records,
                  config::current_settings const& in_force);
    host_recovery(host_recovery const&) = delete;
    host_recovery& operator=(host_recovery const&) = delete;

    // A new request goes at once, and is not even read: nothing has been going on here for a while,
    // and no other request may be loading a model.
    bool quiet() const noexcept {
        auto const& now = *settings;
        if (now.recovery.mode != config::recovery_mode::on)
            return !lease.held();
        return !watching_ && now.recovery.turns != policy::turns::on &&
               (in_flight.awaiting() == 0 || !now.cold_load.gate);
    }
    // Whether the request goes now.
    bool admits(claim& by);
    // Lets those go that may, soon.
    void reconsider();

    bool crowded() const noexcept {
        return line.size() + guard_waiters >= settings->limits.recovery_waiters;
    }
    std::size_t waiting() const noexcept { return line.size() + guard_waiters; }

    // The place of one that waits: those that were sent before have an earlier one.
    std::uint64_t next_arrival() noexcept { return ++arrivals_; }

    // What requests show of the host's models and of its pace is kept at all times, because
    // requests are routed by it.
    void learn_from_requests(bool on) noexcept { learns_ = on; }
    bool learns_from_requests() const noexcept { return learns_; }

    // A request goes out.
    void note_sent(claim& by) {
        if (quiet() && !learns_)
            return;
        by.load_began.reset();
        if (lease.held() && by.possible())
            reconsider(); // it had begun before, so it did not wait
        bool const loads = by.possible() && models.known() && models.serving(by) == nullptr;
        if (!loads && !learns_)
            return;
        auto const now = deadlines.now();
        if (loads)
            by.load_began = now;
        if (!learns_)
            return;
        by.use_began = now;
        cold_loads += loads && models.resolve(by).match == lmstudio::match::found;
    }
    // A request has the first byte of its answer.
    void answered(claim& by);
    // Whether its model loads is known, or it is not sent after all.
    void settled(claim const& by);
    // The host has broken off a generation, though nothing was unloaded for a recovery.
    void note_cut(claim& by, std::uint64_t epoch);
    // It evicts by itself what a request has loaded.
    bool takes_turns() const noexcept;
    bool evicts_by_itself() const noexcept { return evicts_by_itself_; }
    // Two models that requests have loaded are loaded side by side, so it does not, or not any
    // more.
    void note_keeps_models() noexcept { evicts_by_itself_ = false; }

    // The exchange goes, and no other that needs a model to be loaded before the outcome is known.
    void admit_head(line::place& p) {
        head_ = &p.by();
        expect_eviction(p.by());
        p.admit();
    }
    bool waits_for_load();

    // The settings have changed: a model that did not fit before may fit now.
    void forget_refusals() noexcept {
        oversized = {};
        oversized_as_named = {};
        misfits = {};
        bounds = {};
        unload_pause = {};
    }

    // Nothing of its own runs; rested() opens when that may have come true.
    bool at_rest() const noexcept {
        return !guard.recovering() && !turns.asks() && lease.at_rest() && reloads.at_rest() &&
               !reconsidering_;
    }
    net::gate& rested() noexcept { return rested_; }

    // The context with which a model loads whose default does not fit, by the lab's results.
    // Nothing if that is off, or has just failed.
    std::optional<std::int64_t> fitting_context(std::string_view key) const;
    // A load of it is refused whatever was unloaded, and no other context is known to help.
    bool is_futile(std::string_view key, policy::context_choice context) const;
    // There are any. Otherwise no body has to be read for the context that it names.
    bool knows_oversized() const noexcept {
        return !oversized.empty() || !oversized_as_named.empty();
    }
    // Those that were refused to requests with that choice.
    policy::oversized_models& oversized_by(policy::context_choice context) noexcept {
        return context == policy::context_choice::named ? oversized_as_named : oversized;
    }
    // A recovery has loaded this instance.
    void note_fitted(std::string const& instance);
    // What the lab has published of this host.
    void use_lab_results(std::vector<policy::lab_result> results) {
        lab_results = std::move(results);
        misfits = {};
    }

    // A recovery is over: whether it could unload decides when the next one may begin.
    void note_end(record const& r);
    // An unload was answered.
    void note_unload() noexcept { last_unload_ = deadlines.now(); }
    // The host has refused to load the model of this recovery, with so many bytes loaded.
    void learn_refusal(record const& r, std::uint64_t loaded, bool alone = false);
    // The same without a recovery, by what is listed.
    void learn_refusal(std::string_view key, policy::verdict verdict);

    // What something waits for may have happened.
    void note_change() {
        recoverer.note_change();
        turns.note_change();
    }
    // Ends all that waits: the server stops.
    void stop() {
        pauses.stop();
        recoverer.stop();
        turns.note_change();
        reloads.stop();
        lease.stop();
        reconsider();
    }

    // Something goes on: requests are looked at for a while.
    void watch();

    // The oldest that waits after a refusal of that model goes on with the recovery. False if there
    // is none.
    bool promote(std::string_view key);

    // An instance that was loaded a moment ago: the first, whatever its requests do; the second, as
    // long as they keep coming.
    bool within_residency(lmstudio::instance const& i, time_point now) const;
    bool is_resident(lmstudio::instance const& i, time_point now);
    // When that ends at the latest; nothing if it is not.
    std::optional<time_point> residency_end(lmstudio::instance const& i) const;
    // What the requests in flight use.
    struct usage {
        std::vector<lmstudio::instance const*> instances; // of the last listing
        // LM Studio may serve a name that is not known with any loaded model.
        bool any = false;

        bool of(lmstudio::instance const& i) const noexcept;
    };
    usage in_use();
    bool is_used(lmstudio::instance const& i) { return in_use().of(i); }
    // The instances that a host which evicts by itself would unload for it.
    std::vector<lmstudio::instance> evictable_for(std::string_view model) const;
    // One of them is in use, or is being loaded.
    bool must_wait_for_turn(claim& by);
    // The models that requests in flight are loading.
    std::vector<std::string> loading();

    net::deadline_queue& deadlines;
    config::current_settings const& settings;
    recovery::ledger& ledger;
    std::string name;
    boost::asio::io_context& io;
    recovery::permits permits; // of the requests that have this host
    recovery::in_flight in_flight;
    host_models models;
    host_guard guard;
    recovery::line line;
    recovery::pauses pauses;
    policy::memory_bounds bounds;
    policy::oversized_models oversized;
    policy::oversized_models oversized_as_named; // with a context that a request has named
    policy::brake brake;
    policy::unload_pause unload_pause;
    policy::pace pace;
    std::vector<policy::lab_result> lab_results;
    // Models that did not load with the context that the lab has found.
    policy::oversized_models misfits;
    std::vector<std::string> fitted; // instances that recoveries have loaded, the newest last
    recovery::recoverer recoverer;
    recovery::reloads reloads;
    turn_keeper turns;
    lab_lease lease;
    std::size_t guard_waiters = 0; // exchanges that await the recovery that runs
    // Requests that were sent while their model was not loaded, and how long those took to their
    // first output that got one. Counted only while requests are routed by model.
    std::uint64_t cold_loads = 0;
    telemetry::histogram cold_load_times;

private:
    policy::wish wish_of(claim& by, std::vector<std::string> const& being_loaded, bool first,
                         bool refused);
    policy::gate gate() const noexcept;
    bool is_pinned(claim& by, lmstudio::instance const* served) const;
    bool is_cold(claim& by);
    void expect_eviction(claim& by);
    void decide();
    // Every request is looked at.
    bool looks() const noexcept { return watching_ || learns_ || takes_turns(); }
    // What is known not to fit from a refusal; nothing if that says nothing of the sum.
    std::optional<std::uint64_t> refused_sum(std::string_view key, policy::verdict verdict,
                                             std::uint64_t loaded);
    void learn_load(claim& by, time_point now);
    void learn_pace(claim& by, time_point now);
    void on_end(claim& ended) noexcept override;
    void on_timer() override;

    net::gate rested_;
    net::timer calm_; // ends watching_
    std::optional<time_point> last_unload_;
    std::uint64_t arrivals_ = 0;
    bool watching_ = false;
    bool learns_ = false;
    bool reconsidering_ = false;
    bool several_wait_ = false; // for different models
    bool evicts_by_itself_ = false;
    claim const* head_ = nullptr; // admitted from the line; whether its model loads is open
};

} // namespace secondwind::recovery
