// One exchange's way through recoveries.
#pragma once

#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/attempt.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/recovery/record.hpp>
#include <secondwind/recovery/supervisor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::recovery {

// What is asked of a request once it needs a recovery, and never before: to know its model, its
// body must be read.
class subject {
public:
    virtual std::string_view id() const = 0;
    virtual std::string_view path() const = 0;
    virtual std::string const& model() const = 0;  // empty where it names none
    virtual std::string authorization() const = 0; // empty where it has none
    virtual bool replayable() const = 0;

protected:
    ~subject() = default;
};

// Keeps the count of replays, leads or joins recoveries, waits, and tells the ledger what came of
// it. The exchange makes the attempts:
//
//     enter()
//     attempt ─ decide() ─┬─ relay: give the client this answer
//        ▲                └─ else: keep the answer, recover() ─┬─ true: another attempt
//        └─────────────────────────────────────────────────────┤
//                                                              └─ false: give it the kept answer
class second_wind {
public:
    // Both must outlive it.
    second_wind(supervisor& host, subject const& who) noexcept : host_{host}, subject_{who} {}
    second_wind(second_wind const&) = delete;
    second_wind& operator=(second_wind const&) = delete;
    ~second_wind() { conclude(outcome::client_gone); }

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

    bool met_recovery() const noexcept { return reason_ != policy::verdict::healthy; }
    recovery::outcome outcome() const noexcept { return outcome_; }
    policy::verdict reason() const noexcept { return reason_; } // the last that led here
    std::size_t unloaded() const noexcept { return record_ ? record_->unloaded() : 0; }

private:
    recovery::trigger trigger(policy::judgement const& judged) const;
    need needs(policy::judgement const& judged) const;
    void remember(policy::verdict v);
    bool futile(policy::verdict v) const;
    void adopt(std::shared_ptr<record> r, bool lead);
    void conclude(recovery::outcome o);
    bool replay();
    net::task<bool> share(bool lead, policy::judgement const& judged);
    net::task<void> wait();

    supervisor& host_;
    subject const& subject_;
    std::optional<net::gate::waiter> waiter_;
    std::shared_ptr<record> record_; // the recovery that this exchange met last
    bool awaits_ = false;            // and has not yet said what came of it
    bool leads_ = false;
    bool left_ = false;
    unsigned replays_ = 0;
    std::uint64_t attempt_epoch_ = 0; // the host's when the last attempt began
    policy::verdict reason_ = policy::verdict::healthy;
    recovery::outcome outcome_ = outcome::pending;
};

} // namespace secondwind::recovery
