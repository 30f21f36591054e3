#include <secondwind/recovery/recoverer.hpp>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <exception>

namespace secondwind::recovery {

namespace {

using clock = std::chrono::steady_clock;

std::chrono::microseconds since(clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - start);
}

} // namespace

void recoverer::start(trigger why, std::string authorization) {
    auto r = ledger_.open(host_, std::move(why));
    guard_.begin(r);
    net::spawn(run(std::move(r), std::move(authorization)));
}

net::task<void> recoverer::run(std::shared_ptr<record> r, std::string authorization) {
    auto const start = clock::now();
    try {
        co_await act(*r, std::move(authorization));
    } catch (std::exception const& e) {
        // Whatever went wrong here, those who wait must be let go.
        r->acted = outcome::unload_failed;
        r->why_not = e.what();
    }
    r->took = since(start);
    ledger_.note(step::finished, *r);
    guard_.finish();
}

net::task<void> recoverer::act(record& r, std::string authorization) {
    auto const listing = co_await control_.list(authorization);
    if (!listing.instances) {
        r.acted = outcome::unload_failed;
        r.why_not = listing.why_not;
        co_return;
    }
    ledger_.note(step::listed, r);

    auto const in_use =
        policy::without_unloaded(users_.snapshot(), listing.unloaded, *listing.instances);
    auto const plan = policy::make_plan(r.trigger.verdict, r.trigger.model, *listing.instances,
                                        in_use, settings_.evict);
    r.reason = plan.reason;
    ledger_.note(step::planned, r);
    if (plan.victims.empty()) {
        r.acted = outcome::no_candidate;
        co_return;
    }

    for (auto const& victim : plan.victims) {
        auto const start = clock::now();
        r.unloads.push_back({victim, false, {}, {}});
        ledger_.note(step::unloading, r);
        auto const unloading = co_await control_.unload(victim.id, authorization);
        auto& entry = r.unloads.back();
        entry.took = since(start);
        entry.done = unloading.result != lmstudio::unload_result::refused;
        entry.why_not = unloading.why_not;
        ledger_.note(step::unloaded, r);
        if (!entry.done) {
            r.acted = outcome::unload_failed;
            r.why_not = victim.id + ": " + unloading.why_not;
            co_return;
        }
    }
    co_await verify(r, std::move(authorization));
}

net::task<void> recoverer::verify(record& r, std::string authorization) {
    auto const give_up = clock::now() + settings_.verify_timeout;
    auto pace = std::chrono::milliseconds{50};
    for (;;) {
        auto const listing = co_await control_.list(authorization);
        if (!listing.instances) {
            r.acted = outcome::unload_failed;
            r.why_not = listing.why_not;
            co_return;
        }
        auto const& there = *listing.instances;
        auto const left = std::find_if(r.unloads.begin(), r.unloads.end(), [&](auto const& u) {
            return std::any_of(there.begin(), there.end(),
                               [&](auto const& i) { return i.id == u.instance.id; });
        });
        if (left == r.unloads.end())
            break;
        if (clock::now() + pace > give_up) {
            r.acted = outcome::unload_failed;
            r.why_not = left->instance.id + ": still loaded after its unload";
            co_return;
        }
        // Only a host that says "unloaded" before it has done so is asked again, and not in haste.
        boost::asio::steady_timer pause{env_.io, pace};
        net::completion until{[&pause](auto handler) { pause.async_wait(std::move(handler)); }};
        co_await until;
        pace = std::min(pace * 2, std::chrono::milliseconds{1000});
    }
    ledger_.note(step::verified, r);
}

} // namespace secondwind::recovery
