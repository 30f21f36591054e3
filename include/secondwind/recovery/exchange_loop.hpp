// The life of an exchange: attempts, recoveries and replays until its client has an answer.
#pragma once

#include <secondwind/net/task.hpp>
#include <secondwind/policy/attempt.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/recovery/exchange_recovery.hpp>

#include <concepts>
#include <cstdint>
#include <utility>

namespace secondwind::recovery {

// What the loop asks of an exchange. It knows no socket: proxy::exchange makes its attempts over
// connections, and the tests run the same loop against a simulated host, in virtual time.
template<class Exchange>
concept recoverable_exchange = requires(Exchange& exchange, Exchange const& state,
                                        typename Exchange::failure_type failure, bool fresh,
                                        policy::next_step step, exchange_recovery& recovery) {
    // The client has left. That cancels whatever the exchange awaits, and it gets no answer.
    { state.gone() } -> std::same_as<bool>;
    // Unless it reads only, a new request waits at the gate while its host is recovered.
    { state.uses_models() } -> std::same_as<bool>;
    exchange.note_gate_wait();

    // One attempt: sends the request, over a new connection if `fresh`; then reads the answer
    // up to its verdict.
    { exchange.send(fresh) } -> std::same_as<net::task<void>>;
    { exchange.receive() } -> std::same_as<net::task<void>>;
    // Of the attempt, after each of the two. It converts to true if there will be no such answer.
    { state.attempt_failure() } -> std::same_as<typename Exchange::failure_type>;
    // It is over, with or without an answer.
    exchange.note_attempt();
    { state.judged() } -> std::convertible_to<policy::judgement>;
    // Nothing was lost with the connection: the request may be sent once more.
    { state.may_resend(failure) } -> std::same_as<bool>;

    // After an error or a failure: another host is to serve it, and that one's own loop follows.
    { exchange.moves_from(recovery) } -> std::same_as<bool>;
    { exchange.moves_after(failure) } -> std::same_as<bool>;
    // There is no room for it here, whatever was unloaded.
    { exchange.moves_after_recovery() } -> std::same_as<bool>;

    // Keeps the answer of the attempt. Unless the step is to relay it, the host must no longer
    // be busy with it.
    exchange.hold(step);
    // The host has given an answer that can be relayed after this failure.
    { state.holds_answer(failure) } -> std::same_as<bool>;

    // The ends, one for each exchange: the answer that is held, or an answer of our own.
    { exchange.relay() } -> std::same_as<net::task<void>>;
    { exchange.reply_failed(std::move(failure)) } -> std::same_as<net::task<void>>;
    { exchange.reply_crowded() } -> std::same_as<net::task<void>>;
    // An error that came after the answer had begun; null if there was none.
    { exchange.late_error() } -> std::same_as<policy::judgement const*>;
};

// Runs an exchange on a host, to its end or until another host is to serve it; then it is true.
//
//     enter()
//     attempt ─ decide() ─┬─ relay: give the client this answer
//        ▲                └─ else: keep the answer, recover() ─┬─ true: another attempt
//        └─────────────────────────────────────────────────────┤
//                                                              └─ false: give it the kept answer,
//                                                                        or another host's
//
// Where the host gave an answer, the client never gets an answer of our own. Both must outlive it.
template<recoverable_exchange Exchange>
net::task<bool> run_exchange(Exchange& exchange, exchange_recovery& recovery) {
    if (recovery.held() && exchange.uses_models() && !recovery.admitted()) {
        bool const admitted = co_await recovery.enter();
        exchange.note_gate_wait();
        if (!admitted) {
            co_await exchange.reply_crowded();
            co_return false;
        }
    }
    bool fresh = false;
    bool again = true;
    while (again && !exchange.gone()) {
        recovery.sent();
        co_await exchange.send(fresh);
        if (!exchange.attempt_failure() && !exchange.gone()) {
            recovery.arrived();
            co_await exchange.receive();
        }
        auto failure = exchange.attempt_failure();
        exchange.note_attempt();
        if (exchange.gone())
            co_return false;
        if (failure) {
            again = !fresh && exchange.may_resend(failure);
            if (again) {
                fresh = true;
                continue;
            }
            recovery.fail();
            if (exchange.moves_after(failure))
                co_return true;
            if (exchange.holds_answer(failure))
                co_await exchange.relay();
            else
                co_await exchange.reply_failed(std::move(failure));
            continue;
        }
        policy::judgement const judged = exchange.judged();
        if (judged.verdict != policy::verdict::healthy && exchange.moves_from(recovery))
            co_return true;
        auto const step = recovery.decide(judged);
        exchange.hold(step); // first, so that the recovery's own calls find the connection free
        again = false;
        if (step != policy::next_step::relay)
            again = co_await recovery.recover(step, judged);
        if (again || exchange.gone())
            continue;
        if (policy::for_memory(judged.verdict) && recovery.found_no_room() &&
            exchange.moves_after_recovery())
            co_return true;
        co_await exchange.relay();
        // It cannot be taken back, but the next request need not meet the same error.
        if (auto const* const late = exchange.late_error())
            recovery.heal(*late);
        else if (judged.verdict == policy::verdict::healthy)
            recovery.end_well();
    }
    co_return false;
}

} // namespace secondwind::recovery
