// All that belongs to one LM Studio server.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/host/host_control.hpp>
#include <secondwind/host/host_view.hpp>
#include <secondwind/host/route_counts.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/origin_grants.hpp>
#include <secondwind/recovery/host_recovery.hpp>
#include <secondwind/telemetry/code_counts.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <cstddef>
#include <utility>

namespace secondwind::host {

class host_list;

// Each host has its own pool, guard and record of what uses it: trouble on one never reaches
// another. To use it across an await, hold a host_ptr; the list that made it destroys it.
struct host {
    // `settings` and `ledger` must outlive it.
    host(host_list& made_by, environment env, config::current_settings const& settings,
         config::upstream configured, recovery::ledger& ledger)
        : upstream{std::move(configured)}, pool{env.io, env.deadlines, upstream, settings},
          control{env, pool, settings}, view{upstream.name, env.io, env.deadlines, control,
                                             settings},
          observed{control, view}, recovery{upstream.name, env.io, env.deadlines,
                                            observed,      ledger, settings},
          unloaded{env.io}, home{made_by} {
        recovery.permits.limit(upstream.max_in_flight);
        pool.watch(view);
        control.on_busy_state([this](busy_state const& state) { view.note(state); });
        view.on_change([this] { forget_models_of_before(); });
        view.on_survey([this](host_view::listing const* listed) { learn(listed); });
    }
    host(host const&) = delete;
    host& operator=(host const&) = delete;

    std::string const& name() const noexcept { return upstream.name; }

    // Keeps no idle connections and makes no calls of its own any more; what runs on it goes on.
    void retire() {
        pool.close();
        view.stop();
        recovery.lease.close("its host was removed, or secondwind stops");
    }
    // Cancels what runs on it.
    void abort() {
        pool.abort();
        recovery.stop();
    }
    // After retire(): completes when no recovery and no call runs any more.
    net::task<void> ended() {
        while (!recovery.at_rest()) {
            net::gate::waiter until{recovery.rested()};
            co_await until;
        }
        // Calls that still run are only made to show its state.
        pool.abort();
        co_await view.stopped();
    }

    config::upstream upstream; // as configured now: its name and its address never change
    connection_pool pool;
    host_control control;
    host_view view;
    observed_control observed; // recoveries use it, so that the view learns from their calls
    recovery::host_recovery recovery;
    telemetry::code_counts attempts; // by the status of their answers; 0: none came
    route_counts routed;             // requests that went here
    policy::origin_grants grants;    // of its answers to clients
    bool extension_noted = false;    // that it agrees to one on the SDK's WebSocket
    // Unloads that operators request run one after another.
    bool unloading = false;
    net::gate unloaded;

    // Requests are routed by what is known of its models.
    void learn(host_view::listing const* listed) {
        if (!recovery.learns_from_requests())
            return;
        auto const now = recovery.deadlines.now();
        if (listed != nullptr)
            recovery.models.listed(listed->instances, listed->unloaded, now);
        else
            recovery.models.not_listed(now);
    }

    // What it had loaded before it was down may not be loaded any more.
    void forget_models_of_before() {
        auto const before = std::exchange(last_state, view.health().state());
        bool const was_or_is_down = before == host_state::down || last_state == host_state::down;
        if (last_state != before && was_or_is_down && recovery.learns_from_requests())
            recovery.models.forget();
    }

    host_state last_state = host_state::unknown; // when the view has last changed
    host_list& home;
    std::size_t users = 0; // host_ptrs, including the list's own
    boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
        living; // in the list of all hosts, retired ones included
};

inline void intrusive_ptr_add_ref(host* h) noexcept {
    ++h->users;
}
// The last release gives the host back to its list, which destroys it as soon as nothing runs on it
// any more.
void intrusive_ptr_release(host* h);

using host_ptr = boost::intrusive_ptr<host>;

} // namespace secondwind::host
