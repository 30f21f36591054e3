#include <secondwind/recovery/operation_recovery.hpp>

#include <secondwind/policy/sdk_judgement.hpp>
#include <secondwind/recovery/host_recovery.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace secondwind::recovery {

namespace {

using policy::next_step;

// What must be loaded again before the host can serve it.
std::optional<lmstudio::load_description> needed_by(host_recovery& host,
                                                    recoverable_operation const& one) {
    if (one.loads())
        return std::nullopt;
    return host.reloads.handles.needed_by(one.names(), host.deadlines.now());
}

net::task<control::reload_answer> load_for(host_recovery& host, recoverable_operation& one,
                                           lmstudio::load_description wanted) {
    auto const began = host.deadlines.now();
    auto const id = wanted.id;
    net::cancellation given_up;
    one.reload = &given_up;
    auto answer =
        co_await host.reloads.bring_back(std::move(wanted), one.authorization(), given_up);
    one.reload = nullptr;
    if (auto const& met = one.recoveries().met()) {
        using std::chrono::microseconds;
        auto const took = std::chrono::duration_cast<microseconds>(host.deadlines.now() - began);
        met->reloads.push_back({id, answer.loaded.has_value(), answer.error, took});
    }
    co_return answer;
}

// Loads what it names again, if need be. False if that has failed, or if it is over.
net::task<bool> bring_back(host_recovery& host, recoverable_operation& one) {
    auto& recoveries = one.recoveries();
    bool again = true;
    while (again && !one.over) {
        auto needed = needed_by(host, one);
        if (!needed)
            break;
        one.load_again(needed->model);
        recoveries.sent();
        recoveries.arrived();
        auto const answer = co_await load_for(host, one, std::move(*needed));
        if (one.over || answer.loaded)
            break;
        if (answer.refusal.empty()) {
            recoveries.fail();
            co_return false;
        }
        auto const judged = policy::judge_sdk_error(
            answer.refusal, lmstudio::sdk_endpoint::load_model, host.settings->recovery.rules);
        auto const step = recoveries.decide(judged);
        again = step != next_step::relay && step != next_step::heal;
        if (again)
            again = co_await recoveries.recover(step, judged);
    }
    co_return again && !one.over;
}

} // namespace

operation_error judge_operation(host_recovery& host, recoverable_operation const& one,
                                policy::judgement judged, bool unknown, std::uint64_t then) {
    bool const gone = unknown || judged.verdict == policy::verdict::unloaded_in_flight;
    bool const lost = gone && !one.loads() &&
                      host.reloads.handles.revives(one.names(), then, host.deadlines.now());
    return {std::move(judged), unknown, lost};
}

// One whose cache is corrupt is unloaded, and must be loaded again: an operation on it does not
// load it.
bool is_curable(host_recovery const& host, recoverable_operation const& one,
                operation_error const& error) {
    auto const v = error.judged.verdict;
    bool const reloads = v == policy::verdict::cache_corruption && !one.loads() &&
                         host.settings->recovery.websocket_timeout.count() > 0;
    return error.lost || policy::for_memory(v) || reloads;
}

policy::next_step step_after(recoverable_operation& one, operation_error& error) {
    auto& recoveries = one.recoveries();
    if (!error.lost || !error.unknown)
        return recoveries.decide(error.judged);
    // Nothing of it ran, so it tells nothing of the host.
    error.judged.verdict = policy::verdict::unloaded_in_flight;
    return recoveries.may_repeat() ? next_step::await_replay : next_step::relay;
}

net::task<bool> recover_operation(host_recovery& host, recoverable_operation& one,
                                  policy::next_step step, policy::judgement judged) {
    if (auto const needed = needed_by(host, one))
        one.load_again(needed->model);
    bool again = co_await one.recoveries().recover(step, judged);
    if (again && !one.over)
        again = co_await bring_back(host, one);
    co_return again;
}

} // namespace secondwind::recovery
