#include <secondwind/recovery/recoverer.hpp>

#include <secondwind/net/timed_wait.hpp>

#include <algorithm>
#include <exception>

namespace secondwind::recovery {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using time_point = net::deadline::clock::time_point;

// The pace at which a host is asked again, each time after its last answer. The end of an exchange
// in flight here needs no polling.
constexpr milliseconds first_pace = 50ms;
constexpr milliseconds slowest_pace = 1000ms;

std::chrono::microseconds between(time_point from, time_point to) {
    return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}

std::vector<std::string> keys_of(std::vector<lmstudio::model_on_disk> const& models) {
    std::vector<std::string> keys;
    keys.reserve(models.size());
    for (auto const& m : models)
        keys.push_back(m.key);
    return keys;
}

// All models of the host, loaded or not: to estimate what a request requires, and to see that the
// host has other models than before.
std::vector<lmstudio::model_on_disk> all_models(recovery::control::listing const& listed) {
    auto all = listed.unloaded;
    for (auto const& i : *listed.instances)
        all.push_back({i.model, i.size_bytes});
    std::ranges::sort(all, {}, &lmstudio::model_on_disk::key);
    // Not std::ranges::unique, whose result clang 14 cannot compile with this library.
    auto const same = [](auto const& a, auto const& b) { return a.key == b.key; };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    return all;
}

void end(record& r, outcome result, std::string error) {
    r.acted = result;
    r.error = std::move(error);
}

bool waits_for_foreign_request(policy::plan const& plan) {
    return std::ranges::any_of(plan.considered, [](policy::consideration const& c) {
        return c.fate == policy::fate::busy_there;
    });
}

} // namespace

void recoverer::start(trigger cause, std::string authorization) {
    auto r = ledger_.open(host_, std::move(cause));
    r->awaiting = r->trigger.after_commit ? 0 : 1;
    r->holds = settings_->recovery.mode == config::recovery_mode::on;
    guard_.begin(r);
    pace_ = first_pace;
    net::spawn(run(std::move(r), std::move(authorization)));
}

void recoverer::left() {
    if (guard_.recovering() && abandoned(*guard_.latest()))
        in_flight_.changed().open();
}

void recoverer::stop() {
    stopping_ = true;
    in_flight_.changed().open();
    stop_.open();
}

bool recoverer::abandoned(record const& r) const noexcept {
    return stopping_ || r.abandoned();
}

net::task<void> recoverer::run(std::shared_ptr<record> r, std::string authorization) {
    auto const start = deadlines_.now();
    try {
        co_await act(*r, std::move(authorization));
    } catch (std::exception const& e) {
        // Whatever went wrong here, the exchanges that wait must go on.
        end(*r, outcome::unload_failed, e.what());
    }
    r->took = between(start, deadlines_.now());
    if (r->trigger.after_commit)
        r->outcome = r->acted == outcome::pending ? outcome::healed : r->acted;
    measure_room(*r);
    ledger_.finish(*r);
    guard_.open();
}

net::task<void> recoverer::act(record& r, std::string authorization) {
    auto const until = deadlines_.now() + settings_->recovery.busy_wait;
    for (bool first = true;; first = false) {
        auto const listed = co_await plan(r, first, authorization);
        if (!listed)
            co_return;
        if (settings_->recovery.mode == config::recovery_mode::observe) {
            r.acted = outcome::observed;
            co_return;
        }
        if (abandoned(r)) {
            r.acted = outcome::client_gone;
            co_return;
        }
        // No exchange awaits a healing, so it must not make new requests wait either.
        if (r.plan.reason != policy::plan_reason::all_busy || r.trigger.after_commit)
            break;
        auto const idle = co_await wait_for_idle(r, until);
        if (!idle) {
            end(r, outcome::busy_timeout,
                "all that could be unloaded stayed busy for recovery.busy_wait");
            co_return;
        }
    }
    if (r.plan.victims.empty()) {
        r.acted = outcome::no_candidate;
        co_return;
    }
    co_await unload_all(r, std::move(authorization));
}

// False where there is no inventory to plan with.
net::task<bool> recoverer::plan(record& r, bool first, std::string authorization) {
    r.phase = phase::listing;
    auto listed = co_await control_.list(authorization);
    r.phase = phase::planning;
    if (!listed.instances) {
        end(r, outcome::unload_failed, listed.error);
        co_return false;
    }
    r.known_models = all_models(listed);
    oversized_.listed(keys_of(r.known_models));
    if (first)
        ledger_.note(step::listed, r);

    auto const& cause = r.trigger;
    policy::plan_request request;
    request.verdict = cause.verdict;
    request.message = cause.message;
    request.how = settings_->recovery.evict;
    request.pinned = &settings_->recovery.pinned;
    request.everything =
        policy::for_memory(cause.verdict) && oversized_.of(cause.model, deadlines_.now()) ==
                                                 policy::oversized_models::standing::everything;
    auto const unloaded = keys_of(listed.unloaded);
    auto& loaded = *listed.instances;
    // An exchange whose answer had begun used a loaded model, under whatever name.
    bool const by_another_name =
        cause.after_commit && std::ranges::none_of(loaded, [&](lmstudio::instance const& i) {
            return lmstudio::uses(cause.model, i, loaded);
        });
    request.wanted = by_another_name ? std::string_view{} : std::string_view{cause.model};
    auto const make = [&] {
        auto const in_use =
            policy::without_unloaded(in_flight_.snapshot(), unloaded, loaded, request.wanted);
        return policy::make_plan(request, loaded, in_use);
    };
    auto const before = r.plan.reason;
    r.plan = make();
    // Only if something would be unloaded is the host asked which instances are busy.
    bool const spares =
        policy::for_memory(cause.verdict) && settings_->recovery.evict != policy::evict::all;
    if (spares && r.plan.reason == policy::plan_reason::unload) {
        loaded = co_await control_.with_activity(std::move(loaded), std::move(authorization));
        r.plan = make();
    }
    if (first || r.plan.reason != before)
        ledger_.note(step::planned, r);
    co_return true;
}

// True when it is worth listing again; false when `until` has passed.
net::task<bool> recoverer::wait_for_idle(record& r, time_point until) {
    auto const left = std::chrono::ceil<milliseconds>(until - deadlines_.now());
    if (left <= 0ms)
        co_return false;
    r.phase = phase::waiting_for_idle;
    if (pace_ == first_pace)
        ledger_.note(step::waiting, r);
    // The end of an exchange here opens a gate; of other requests only the host knows.
    bool const ask = waits_for_foreign_request(r.plan);
    net::timed_wait change{in_flight_.changed(), deadlines_, ask ? std::min(pace_, left) : left};
    pace_ = std::min(pace_ * 2, slowest_pace);
    bool const changed = co_await change;
    co_return changed || ask;
}

net::task<void> recoverer::unload_all(record& r, std::string authorization) {
    r.phase = phase::unloading;
    for (auto const& victim : r.plan.victims) {
        if (r.abandoned()) {
            r.acted = outcome::client_gone;
            co_return;
        }
        auto const start = deadlines_.now();
        r.unloads.push_back({victim, false, {}, {}});
        ledger_.note(step::unloading, r);
        auto const unloading = co_await control_.unload(victim.id, authorization);
        auto& entry = r.unloads.back();
        entry.took = between(start, deadlines_.now());
        entry.done = unloading.result != lmstudio::unload_result::refused;
        entry.error = unloading.error;
        ledger_.note(step::unloaded, r);
        if (!entry.done) {
            end(r, outcome::unload_failed, victim.id + ": " + unloading.error);
            co_return;
        }
    }
    co_await verify(r, std::move(authorization));
}

net::task<void> recoverer::verify(record& r, std::string authorization) {
    r.phase = phase::verifying;
    auto const give_up = deadlines_.now() + settings_->recovery.verify_timeout;
    auto pace = first_pace;
    for (;;) {
        auto const listing = co_await control_.list(authorization);
        if (!listing.instances) {
            end(r, outcome::unload_failed, listing.error);
            co_return;
        }
        auto const& there = *listing.instances;
        auto const left = std::ranges::find_if(r.unloads, [&](unload_record const& u) {
            return std::ranges::find(there, u.instance.id, &lmstudio::instance::id) != there.end();
        });
        if (left == r.unloads.end())
            break;
        if (stopping_ || deadlines_.now() + pace > give_up) {
            end(r, outcome::unload_failed, left->instance.id + ": still loaded after its unload");
            co_return;
        }
        net::timed_wait pause{stop_, deadlines_, pace};
        co_await pause;
        pace = std::min(pace * 2, slowest_pace);
    }
    ledger_.note(step::verified, r);
}

} // namespace secondwind::recovery
