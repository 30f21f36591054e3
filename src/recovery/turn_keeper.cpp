#include <secondwind/recovery/turn_keeper.hpp>

#include "targets.hpp"
#include <secondwind/net/timed_wait.hpp>
#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>

namespace secondwind::recovery {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// The pace at which a host is asked whether its own requests have ended.
constexpr milliseconds first_busy_pace = 50ms;
constexpr milliseconds slowest_busy_pace = 1000ms;
// The pace at which a host is asked whether a model is loaded by now.
constexpr milliseconds first_load_pace = 250ms;
constexpr milliseconds slowest_load_pace = 2s;

// Two models are loaded that requests have loaded.
bool keeps_models(lmstudio::inventory const& loaded) {
    lmstudio::instance const* one = nullptr;
    for (auto const& each : loaded) {
        if (!each.jit || !each.device.empty())
            continue;
        if (one != nullptr && one->model != each.model)
            return true;
        one = &each;
    }
    return false;
}

} // namespace

turn_keeper::turn_keeper(host_recovery& host, recovery::control& control)
    : host_{host}, control_{control}, changed_{host.io} {}

void turn_keeper::interrupt() {
    turn_ = nullptr;
    changed_.open();
}

bool turn_keeper::awaits(line::place const* by, std::uint64_t arrival) const {
    return !host_.pauses.stopped() && host_.takes_turns() && turn_ == by &&
           std::ranges::any_of(host_.line.places(), [&](line::place const& each) {
               return &each == by && each.arrival() == arrival;
           });
}

void turn_keeper::await_turn(line::place& by) {
    if (turn_ != nullptr || host_.guard.gate() != policy::gate::open)
        return;
    if (host_.pauses.stopped()) {
        host_.admit_head(by);
        return;
    }
    turn_ = &by;
    ++turns_;
    net::spawn(turn(&by, by.arrival()));
}

// All that a request has loaded would be evicted by the host itself, so all of it is a target.
net::task<void> turn_keeper::turn(line::place* by, std::uint64_t arrival) {
    auto const until = host_.deadlines.now() + host_.settings->recovery.busy_wait;
    auto pace = first_busy_pace;
    bool busy = true;
    while (busy && awaits(by, arrival) && host_.deadlines.now() < until) {
        auto listed = co_await control_.list({});
        if (listed.instances) {
            auto told = co_await control_.with_activity(std::move(*listed.instances), {});
            if (keeps_models(told))
                host_.note_keeps_models();
            host_.models.listed(std::move(told), std::move(listed.unloaded), host_.deadlines.now());
        } else {
            host_.models.not_listed(host_.deadlines.now());
        }
        bool foreign = false;
        while (busy && awaits(by, arrival) && host_.deadlines.now() < until) {
            auto const others = host_.evictable_for(host_.models.resolve(by->by()).key);
            std::vector<std::string> targets;
            foreign = false;
            for (auto const& each : others) {
                targets.push_back(each.id);
                foreign =
                    foreign || (each.doing == lmstudio::activity::busy && !host_.is_used(each));
            }
            auto const now = host_.deadlines.now();
            // An idle one does not stop the window's clock: it need not be unloaded first.
            std::vector<std::string> busy_ones;
            for (auto const& each : others)
                if (host_.is_used(each) || host_.is_resident(each, now))
                    busy_ones.push_back(each.id);
            host_.guard.wait_for(targets, std::nullopt, host_.settings->recovery.gate_wait, now);
            update_window(host_, busy_ones, foreign);
            host_.reconsider();
            busy = foreign || host_.must_wait_for_turn(by->by());
            if (!busy)
                break;
            auto span = std::chrono::ceil<milliseconds>(until - now);
            if (auto const next = next_change(host_, busy_ones))
                span = std::min(span, *next);
            if (foreign)
                span = std::min(span, pace);
            net::timed_wait change{changed_, host_.deadlines, span};
            co_await change;
            if (foreign)
                break;
        }
        pace = std::min(pace * 2, slowest_busy_pace);
    }
    --turns_;
    if (turn_ == by) {
        host_.guard.open();
        if (awaits(by, arrival))
            host_.admit_head(*by);
        turn_ = nullptr;
    }
    host_.reconsider();
}

void turn_keeper::watch_loads() {
    if (asking_for_loads_ || host_.pauses.stopped())
        return;
    asking_for_loads_ = true;
    net::spawn(ask_for_loads());
}

net::task<void> turn_keeper::ask_for_loads() {
    auto pace = first_load_pace;
    bool again = true;
    if (host_.models.asked_within(pace, host_.deadlines.now())) {
        bool const goes_on = co_await host_.pauses.pause(pace);
        again = goes_on && host_.waits_for_load();
    }
    while (again) {
        auto listed = co_await control_.list({});
        if (listed.instances && host_.takes_turns())
            listed.instances = co_await control_.with_activity(std::move(*listed.instances), {});
        auto const now = host_.deadlines.now();
        if (listed.instances) {
            host_.models.listed(std::move(*listed.instances), std::move(listed.unloaded), now);
            host_.bounds.loaded(host_.models.bytes_loaded(), now);
        } else {
            host_.models.not_listed(now);
        }
        host_.reconsider();
        bool const goes_on = co_await host_.pauses.pause(pace);
        again = goes_on && host_.waits_for_load();
        pace = std::min(pace * 2, slowest_load_pace);
    }
    asking_for_loads_ = false;
    host_.reconsider();
}

} // namespace secondwind::recovery
