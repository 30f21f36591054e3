// All that belongs to one LM Studio server.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/lmstudio/control.hpp>
#include <secondwind/recovery/host_guard.hpp>
#include <secondwind/recovery/in_flight.hpp>
#include <secondwind/recovery/recoverer.hpp>
#include <secondwind/upstream/pool.hpp>

namespace secondwind::recovery {

// Each host has its own pool, guard and record of who uses it: trouble on one never reaches
// another. `settings` and `book` must outlive it.
struct host {
    host(upstream::environment env, config::settings const& settings, config::upstream const& where,
         ledger& book)
        : pool{env.io, env.deadlines, where, settings.timeouts}, control{env, pool,
                                                                         settings.recovery},
          guard{env.io}, recovery{where.name, env, control, users, guard, book, settings.recovery} {
    }

    std::string const& name() const noexcept { return pool.where().name; }

    upstream::pool pool;
    lmstudio::control control;
    in_flight users;
    host_guard guard;
    recoverer recovery;
};

} // namespace secondwind::recovery
