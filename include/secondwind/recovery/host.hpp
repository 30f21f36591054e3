// All that belongs to one LM Studio server.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/lmstudio/host_control.hpp>
#include <secondwind/recovery/host_view.hpp>
#include <secondwind/recovery/observed_control.hpp>
#include <secondwind/recovery/supervisor.hpp>
#include <secondwind/telemetry/code_counts.hpp>
#include <secondwind/upstream/pool.hpp>

namespace secondwind::recovery {

// Each host has its own pool, guard and record of who uses it: trouble on one never reaches
// another. `settings` and `book` must outlive it.
struct host {
    host(upstream::environment env, config::settings const& settings, config::upstream const& where,
         ledger& book)
        : pool{env.io, env.deadlines, where, settings.timeouts}, control{env, pool,
                                                                         settings.recovery},
          view{where.name, env.io, env.deadlines, control, settings}, observed{control, view},
          care{where.name, env.io, env.deadlines, observed, book, settings} {
        pool.watch(view);
    }

    std::string const& name() const noexcept { return pool.where().name; }

    upstream::pool pool;
    lmstudio::host_control control;
    host_view view;
    observed_control observed; // what recoveries ask through it, the view learns as well
    supervisor care;
    telemetry::code_counts attempts; // by their answers' status; 0: there was none
};

} // namespace secondwind::recovery
