// All that belongs to one LM Studio server.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/host/host_control.hpp>
#include <secondwind/host/host_view.hpp>
#include <secondwind/host/observed_control.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/supervisor.hpp>
#include <secondwind/telemetry/code_counts.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <cstddef>

namespace secondwind::host {

class host_list;

// Each host has its own pool, guard and record of who uses it: trouble on one never reaches
// another. Whoever uses it across an await holds a host_ptr; the list that made it sees to its end.
struct host {
    // `settings` and `book` must outlive it.
    host(host_list& made_by, environment env, config::settings const& settings, config::upstream at,
         recovery::ledger& book)
        : where{std::move(at)}, pool{env.io, env.deadlines, where, settings.timeouts},
          control{env, pool, settings.recovery}, view{where.name, env.io, env.deadlines, control,
                                                      settings},
          observed{control, view}, care{where.name, env.io, env.deadlines,
                                        observed,   book,   settings},
          unloaded{env.io}, home{made_by} {
        pool.watch(view);
    }
    host(host const&) = delete;
    host& operator=(host const&) = delete;

    std::string const& name() const noexcept { return where.name; }

    // Keeps no connection and asks nothing by itself any more; what runs on it goes on.
    void retire() {
        pool.close();
        view.stop();
    }
    // Cancels what runs on it.
    void abort() {
        pool.abort();
        care.recovery.stop();
    }
    // After retire(): completes when no recovery runs any more, and nothing is asked of it.
    net::task<void> ended() {
        while (care.guard.recovering()) {
            net::gate::waiter until{care.guard.gate()};
            co_await until;
        }
        // Whatever still asks it does so for somebody who only looks.
        pool.abort();
        co_await view.stopped();
    }

    config::upstream where; // as configured now: its name and its address never change
    connection_pool pool;
    host_control control;
    host_view view;
    observed_control observed; // what recoveries ask through it, the view learns as well
    recovery::supervisor care;
    telemetry::code_counts attempts; // by their answers' status; 0: there was none
    // Unloads that operators order go one after another.
    bool unloading = false;
    net::gate unloaded;

    host_list& home;
    std::size_t users = 0; // host_ptrs, the list's own among them
    boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
        living; // in the list of all that there are
};

inline void intrusive_ptr_add_ref(host* h) noexcept {
    ++h->users;
}
// The last one to let go of a host gives it back to its list, which destroys it as soon as nothing
// runs on it any more.
void intrusive_ptr_release(host* h);

using host_ptr = boost::intrusive_ptr<host>;

} // namespace secondwind::host
