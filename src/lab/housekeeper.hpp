// Leaves a host as it was found: what others have loaded, and what a lab that died has left.
#pragma once

#include "machine.hpp"
#include "narrator.hpp"
#include "prober.hpp"

#include <secondwind/net/task.hpp>
#include <secondwind/registry/store.hpp>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace secondwind::lab {

struct house_rules {
    bool keep = false;                       // unload nothing of others
    bool yes = false;                        // unload without a question
    std::vector<std::string> pinned{};       // globs on model keys and instance ids: never unloaded
    std::chrono::milliseconds wait{600'000}; // until a busy instance is idle
    std::chrono::milliseconds quiet{30'000}; // for which one that somebody has just loaded is idle
    std::string boot;                        // of this machine
    bool local = false;                      // the host is this machine
};

class housekeeper {
public:
    // All must outlive it.
    housekeeper(machine& on, registry::store& in, narrator& to, registry::row_id host,
                house_rules rules, probe_limits limits);

    // Runs that died: their probes get an outcome, and they an end.
    void settle_dead_runs();
    // Unloads what such probes have loaded. False if something stayed.
    net::task<bool> unload_leftovers();
    // Loads again what this run, or one that died, has unloaded; with `models`, only instances of
    // those. False if something could not be loaded; it is tried again by the next call.
    net::task<bool> put_back(std::vector<std::string> const* models = nullptr);

    enum class cleared : std::uint8_t {
        yes,
        busy,    // an instance did not get idle in time
        refused, // the user does not want them unloaded
        unasked, // there is nobody to ask
        failed   // the host did not do it
    };
    // Unloads the instances that are not pinned, once they are idle. `new_ones`: somebody has
    // loaded them while the lab was at work. What stays is in kept().
    net::task<cleared> clear(std::vector<loaded_instance> loaded, registry::row_id run,
                             bool new_ones);
    std::set<std::string> const& kept() const noexcept { return kept_; }
    // It could not be unloaded, so it stays.
    void keep(std::string const& instance) { kept_.insert(instance); }

    // Ends a wait for busy instances, as if its time were over.
    void stop() noexcept { stopped_ = true; }

private:
    // Writes down what becomes of the probes of other runs. It begins none.
    class probe_notes final : public journal {
    public:
        explicit probe_notes(registry::store& in) : store_{in} {}
        registry::row_id begin(registry::probe const&) override { return 0; }
        void note(registry::probe const& changed) override { store_.update(changed); }
        void end(registry::probe const&) override {}

    private:
        registry::store& store_;
    };

    // As it was if `config` has a description, else under its model's own name.
    net::task<load_answer> load_back(std::string instance, std::string config, bool id_is_free);
    net::task<bool> await_idle(std::vector<loaded_instance> loaded, bool quiet);
    net::task<bool> unload(loaded_instance one, registry::row_id run);
    bool stays(loaded_instance const& one) const;

    machine& machine_;
    registry::store& store_;
    narrator& narrator_;
    registry::row_id host_;
    house_rules rules_;
    probe_limits limits_;
    probe_notes journal_;
    prober cleaner_;
    std::set<std::string> kept_;
    bool agreed_ = false; // the user wants them unloaded
    bool stopped_ = false;
};

} // namespace secondwind::lab
