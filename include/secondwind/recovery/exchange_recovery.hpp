// One exchange's way through recoveries.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/attempt.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/recovery/host_recovery.hpp>
#include <secondwind/recovery/record.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::recovery {

// What is asked of a request once it needs a recovery, and never before: to know its model, its
// body must be read.
class recoverable_request {
public:
    virtual std::string_view id() const = 0;
    virtual std::string_view path() const = 0;
    virtual std::string const& model() const = 0;  // empty where it names none
    virtual std::string authorization() const = 0; // empty where it has none
    virtual bool replayable() const = 0;

protected:
    ~recoverable_request() = default;
};

// How an exchange stands to the recovery that it met last. docs/design.md has the table of the
// phases of that recovery in which each of them occurs.
enum class relation : std::uint8_t {
    none,              // it has met no recovery
    waits_at_gate,     // it came while one runs, and awaits its end
    leads,             // its error began one, and it awaits its end
    joined,            // its error came while one ran, and it awaits its end
    replays_as_leader, // its recovery is over, and the answer to its replay decides its outcome
    replays_as_joiner, // the same, after a recovery that another exchange led
    replays_alone,     // no recovery had to be awaited: the host broke the request off
    concluded,         // what came of the recovery for it is known
    left               // its client has left
};

// Keeps the count of replays, leads or joins recoveries, waits, and tells the ledger what came of
// it. It is asked by run_exchange() in exchange_loop.hpp, which makes the attempts.
class exchange_recovery {
public:
    // Both must outlive it.
    exchange_recovery(host_recovery& host, recoverable_request const& request) noexcept
        : host_{host}, request_{request} {}
    exchange_recovery(exchange_recovery const&) = delete;
    exchange_recovery& operator=(exchange_recovery const&) = delete;
    ~exchange_recovery() { conclude(outcome::client_gone); }

    // The host is being recovered, so a request that would use its models enters first.
    bool held() const noexcept { return host_.guard.holding(); }

    // Waits while the host is being recovered. False if too many wait already, and nothing is done.
    net::task<bool> enter();

    // What follows from an attempt's answer. `epoch` is the host's when the attempt began. For
    // relay, this is the end: outcome() says what came of the recoveries, if it met any.
    policy::next_step decide(policy::judgement const& judged, std::uint64_t epoch);

    // Carries out any other step. True if the request is to be sent again.
    net::task<bool> recover(policy::next_step step, policy::judgement const& judged);

    // There is no answer to the replay, or none that its client can be given.
    void fail() { conclude(outcome::replay_failed); }

    // The client has left: ends every wait.
    void leave();

    // The answer is on its way to the client, and this error came in it: the host is healed for the
    // requests to come.
    void heal(policy::judgement const& judged, std::uint64_t epoch);

    recovery::relation relation() const noexcept { return relation_; }
    // It awaits the end of a recovery.
    bool waits() const noexcept {
        using enum recovery::relation;
        return relation_ == waits_at_gate || relation_ == leads || relation_ == joined;
    }
    // The recovery that it met last; null before the first.
    std::shared_ptr<record> const& met() const noexcept { return record_; }

    // An error of this exchange called for a recovery or a replay.
    bool met_recovery() const noexcept { return reason_ != policy::verdict::healthy; }
    recovery::outcome outcome() const noexcept { return outcome_; }
    policy::verdict reason() const noexcept { return reason_; } // the last that led here
    std::size_t unloaded() const noexcept { return record_ ? record_->unloaded() : 0; }

private:
    recovery::trigger trigger(policy::judgement const& judged) const;
    requirement requirement_of(policy::judgement const& judged) const;
    void remember(policy::verdict v);
    bool futile(policy::verdict v) const;
    policy::next_step give_up(policy::verdict reason, recovery::outcome o);
    void adopt(std::shared_ptr<record> r, recovery::relation as);
    void conclude(recovery::outcome o, recovery::relation next = recovery::relation::concluded);
    bool left() const noexcept { return relation_ == recovery::relation::left; }
    bool replay();
    net::task<bool> share(bool lead, policy::judgement const& judged);
    net::task<void> wait();

    host_recovery& host_;
    recoverable_request const& request_;
    std::optional<net::gate::waiter> waiter_;
    recovery::relation relation_ = recovery::relation::none;
    std::shared_ptr<record> record_; // the recovery that it met last
    unsigned replays_ = 0;
    std::uint64_t attempt_epoch_ = 0; // the host's when the last attempt began
    policy::verdict reason_ = policy::verdict::healthy;
    recovery::outcome outcome_ = outcome::pending;
};

} // namespace secondwind::recovery
