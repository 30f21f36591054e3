// Watches a simulated host, its recoveries and its exchanges, and reports what must not happen.
#pragma once

#include "support/recovery_table.hpp"
#include "support/simulated_exchange.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace secondwind::test {

// What a schedule guarantees, beside what always holds.
struct recovery_promises {
    // No client leaves, the host has no faults and no other users, every request names a model that
    // the host has, and recovery.busy_wait is the default: whatever fits is answered.
    bool live = false;
    // No generation is longer than that: the wait of a recovery is bounded.
    std::chrono::milliseconds longest_wait{std::chrono::hours{1}};
};

class recovery_referee {
public:
    recovery_referee(virtual_time& time, simulated_host& host, recovery::host_recovery& recovery,
                     recovery::ledger& ledger, config::settings const& settings,
                     recovery_promises promises);

    void watch(simulated_exchange& e);
    void note_stop() noexcept { stopped_ = true; }
    void breach(std::string text);
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
        std::optional<time_point> held_since{}; // though its model is loaded
        std::uint64_t held_for = 0;             // the instance
        int held_after = 0;                     // so many exchanges that ran by then
        std::optional<time_point> no_target_since{};
        bool loads = false; // its attempt, where the proxy watches
    };
    struct history {
        time_point began;
        unsigned lists = 0;                   // of the host, before
        unsigned ends = 0;                    // of exchanges, before
        std::set<std::uint64_t> unloaded{};   // instances that it asked the host to unload
        std::size_t victims_of_this_plan = 0; // that were unloaded
        std::size_t refused_steps = 0;        // when this plan was made
    };
    // An instance that a request has loaded.
    struct load {
        time_point answered;
        virtual_time::milliseconds took;
    };

    void note_states();
    void settled();
    void check_recovery();
    void check_waiting();
    void check_hold(watched& w);
    void check_futile();
    void step_taken(recovery::step s, recovery::record const& r);
    void began(recovery::record const& r);
    void finished(recovery::record const& r);
    void unload_asked(std::string const& id);
    void unload_for_memory(recovery::record const& r, simulated_host::instance const& victim);
    void enough_goes(recovery::record const& r);
    void unload_of_broken(recovery::record const& r, simulated_host::instance const& victim);
    void attempt_begins(watched& w);
    void decided(watched& w, policy::next_step s);
    void ended(simulated_exchange& e);
    void helped(simulated_exchange const& e);

    bool pinned(simulated_host::instance const& i) const;
    bool any_busy() const;
    bool always_on() const;
    // By the proxy's own listing.
    lmstudio::instance const* listed_for(simulated_exchange const& e) const;
    bool fits(std::string const& model) const;

    virtual_time& time_;
    simulated_host& host_;
    recovery::host_recovery& recovery_;
    recovery::ledger& ledger_;
    config::settings const& settings_;
    recovery_promises promises_;
    bool stopped_ = false;
    std::map<std::string, watched> exchanges_; // by id
    std::map<std::uint64_t, history> records_; // by id
    std::set<std::uint64_t> running_;
    std::map<std::uint64_t, load> loaded_; // by the instance's number
    std::set<std::uint64_t> used_;         // instances that have given output, likewise
    std::set<std::string> refused_;        // models whose load was refused
    std::set<std::string> futile_;         // models that the proxy takes for too large
    std::optional<time_point> needless_;   // since when a recovery waits for nothing
    unsigned ends_ = 0;
    std::uint64_t bytes_read_;
    recovery_states states_;
    std::vector<std::string> breaches_;
};

} // namespace secondwind::test
