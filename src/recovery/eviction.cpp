#include "eviction.hpp"

#include "targets.hpp"
#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::recovery {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// The pace at which a host is asked again, each time after its last answer.
constexpr milliseconds first_listing_pace = 50ms;
constexpr milliseconds slowest_listing_pace = 1000ms;

std::chrono::microseconds since(net::deadline::clock::time_point start,
                                net::deadline::clock::time_point now) {
    return std::chrono::duration_cast<std::chrono::microseconds>(now - start);
}

void fail(record& r, std::string error) {
    r.acted = outcome::unload_failed;
    r.error = std::move(error);
}

net::task<bool> verify(host_recovery& host, control& over, record& r, std::string authorization) {
    r.phase = phase::verifying;
    auto const give_up = host.deadlines.now() + host.settings->recovery.verify_timeout;
    auto pace = first_listing_pace;
    for (;;) {
        auto listing = co_await over.list(authorization);
        if (!listing.instances) {
            fail(r, listing.error);
            co_return false;
        }
        host.models.listed(std::move(*listing.instances), std::move(listing.unloaded),
                           host.deadlines.now());
        auto const* const left = still_loaded(r.plan, host.models.all());
        if (left == nullptr)
            break;
        if (host.pauses.stopped() || host.deadlines.now() + pace > give_up) {
            fail(r, left->id + ": still loaded after its unload");
            co_return false;
        }
        co_await host.pauses.pause(pace);
        pace = std::min(pace * 2, slowest_listing_pace);
    }
    host.ledger.note(step::verified, r);
    co_return true;
}

} // namespace

net::task<bool> evict(host_recovery& host, control& over, record& r, std::string authorization) {
    r.phase = phase::unloading;
    if (host.settings->recovery.mode == config::recovery_mode::on)
        host.guard.set_gate(policy::gate::closed);
    host.reconsider();
    auto const victims = r.plan.victims;
    auto const loaded_as = co_await host.reloads.describe(victims, authorization);
    for (auto const& victim : victims) {
        if (r.abandoned() || host.pauses.stopped()) {
            r.acted = outcome::client_gone;
            co_return false;
        }
        auto const start = host.deadlines.now();
        r.unloads.push_back({victim, false, {}, {}});
        host.ledger.note(step::unloading, r);
        // Before it, for what runs on the instance may end first.
        for (auto const& each : loaded_as)
            if (each.id == victim.id)
                host.reloads.handles.take(each, host.deadlines.now());
        auto const unloading = co_await over.unload(victim.id, authorization);
        host.note_unload();
        auto& entry = r.unloads.back();
        entry.took = since(start, host.deadlines.now());
        entry.done = unloading.result != lmstudio::unload_result::refused;
        entry.error = unloading.error;
        host.ledger.note(step::unloaded, r);
        if (!entry.done) {
            host.reloads.handles.forget(victim.id);
            // It may have taken effect all the same.
            fail(r, victim.id + ": " + unloading.error);
            auto listed = co_await over.list(authorization);
            if (listed.instances)
                host.models.listed(std::move(*listed.instances), std::move(listed.unloaded),
                                   host.deadlines.now());
            co_return false;
        }
        host.guard.note_unloaded(victim.model);
        host.models.unloaded(victim.id);
    }
    bool const verified = co_await verify(host, over, r, std::move(authorization));
    co_return verified;
}

} // namespace secondwind::recovery
