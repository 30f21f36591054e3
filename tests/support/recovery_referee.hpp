// Watches a simulated host, its recoveries and its exchanges, and reports what must not happen.
#pragma once

#include "support/recovery_table.hpp"
#include "support/simulated_exchange.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace secondwind::test {

class recovery_referee {
public:
    // `live` adds that every exchange that can be helped is: it holds where no client leaves, the
    // host has no faults, nothing is pinned, every request names a model, and time is plenty.
    recovery_referee(virtual_time& time, simulated_host& host, recovery::host_recovery& recovery,
                     recovery::ledger& ledger, config::settings const& settings, bool live);

    void watch(simulated_exchange& e);
    void note_stop() noexcept { stopped_ = true; }
    // All has ended that ever will.
    void conclude();

    std::vector<std::string> const& breaches() const noexcept { return breaches_; }
    // Each state that an exchange was in.
    recovery_states const& states() const noexcept { return states_; }
    // What happened, line by line, if it was asked for.
    bool tracing = false;
    void trace(std::string const& line) const;

private:
    using time_point = virtual_time::time_point;
    struct watched {
        simulated_exchange* exchange;
        policy::next_step step = policy::next_step::relay; // after its last answer
        // The recovery that it has led since its last answer.
        recovery::record const* led = nullptr;
        unsigned wasted = 0;  // replays of its own recovery that met only what was spared
        unsigned excused = 0; // other replays that were refused
    };
    struct history {
        time_point began;
        time_point finished = time_point::max();
        std::uint64_t newest = 0; // of the host's instances, when it began
        bool asked_who_is_busy = false;
    };
    // A replay after an eviction that was refused again.
    struct oversized_model {
        time_point began; // the recovery
        time_point when;
        bool exhaustive;
    };

    void breach(std::string text);
    void note_states();
    void settled();
    void step_taken(recovery::step s, recovery::record const& r);
    void began(recovery::record const& r);
    void finished(recovery::record const& r);
    void concluded(recovery::record const& r);
    void unload_asked(std::string const& id);
    void unload_for_memory(recovery::record const& r, simulated_host::instance const& victim);
    void unload_of_broken(recovery::record const& r, simulated_host::instance const& victim);
    void not_futile(recovery::record const& r);
    void attempt_begins(simulated_exchange& e);
    void decided(watched& w, policy::next_step s);
    void ended(simulated_exchange& e);
    void helped(watched const& w);

    bool pinned(simulated_host::instance const& i) const;
    bool any_busy() const;
    bool too_large(std::string const& model) const;

    virtual_time& time_;
    simulated_host& host_;
    recovery::host_recovery& recovery_;
    recovery::ledger& ledger_;
    config::settings const& settings_;
    bool live_;
    bool stopped_ = false;
    std::map<std::string, watched> exchanges_; // by id
    std::map<std::uint64_t, history> records_; // by id
    std::set<std::uint64_t> running_;
    std::map<std::string, std::vector<oversized_model>> oversized_; // by model
    std::set<std::string> robbed_; // models whose room a competing load took
    recovery_states states_;
    std::vector<std::string> breaches_;
};

} // namespace secondwind::test
