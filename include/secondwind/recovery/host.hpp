// All that belongs to one LM Studio server.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/lmstudio/host_control.hpp>
#include <secondwind/recovery/supervisor.hpp>
#include <secondwind/upstream/pool.hpp>

namespace secondwind::recovery {

// Each host has its own pool, guard and record of who uses it: trouble on one never reaches
// another. `settings` and `book` must outlive it.
struct host {
    host(upstream::environment env, config::settings const& settings, config::upstream const& where,
         ledger& book)
        : pool{env.io, env.deadlines, where, settings.timeouts},
          control{env, pool, settings.recovery}, care{where.name, env.io, env.deadlines,
                                                      control,    book,   settings} {}

    std::string const& name() const noexcept { return pool.where().name; }

    upstream::pool pool;
    lmstudio::host_control control;
    supervisor care;
};

} // namespace secondwind::recovery
