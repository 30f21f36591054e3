// One exchange's way through recoveries.
#pragma once

#include <secondwind/base/rare_string.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/attempt.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/policy/context_choice.hpp>
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
    // Of an operation of LM Studio's SDK; empty for a request of HTTP.
    virtual std::string_view endpoint() const { return {}; }
    virtual std::string authorization() const = 0; // empty where it has none
    virtual bool replayable() const = 0;
    // A browser sent it for a page of another site, which cannot read the answer.
    virtual bool sent_blind() const = 0;
    virtual policy::context_choice choice_of_context() const = 0;

protected:
    ~recoverable_request() = default;
};

// How an exchange stands to the recovery that it met last. docs/design.md has the table of the
// phases of that recovery in which each of them occurs.
enum class relation : std::uint8_t {
    none,              // it has met no recovery
    waits_at_gate,     // it was not sent yet, or its model was unloaded while it was served
    leads,             // its error began one, and it awaits its replay or its end
    joined,            // its error came while one ran, and it awaits its end or its own turn
    replays_as_leader, // the answer to its replay decides how its recovery goes on
    replays_as_joiner, // after a recovery that another exchange led
    replays_alone,     // no recovery had to be awaited: the host broke the request off
    concluded,         // what came of the recovery for it is known
    left               // its client has left
};

// Keeps the count of replays, leads or joins recoveries, waits, and tells the ledger what came of
// it. It is asked by run_exchange() in exchange_loop.hpp, which makes the attempts.
class exchange_recovery {
public:
    // All must outlive it.
    exchange_recovery(host_recovery& host, recoverable_request const& request,
                      lmstudio::requested_model const& model, lmstudio::model_kind kind) noexcept
        : host_{host}, request_{request}, claim_{model, kind} {}
    exchange_recovery(exchange_recovery const&) = delete;
    exchange_recovery& operator=(exchange_recovery const&) = delete;
    ~exchange_recovery() {
        if (relation_ != recovery::relation::none)
            leave();
    }

    // A request that would use the host's models enters first.
    bool held() const noexcept { return !host_.quiet(); }

    // It need not wait.
    bool admitted() { return host_.admits(claim_); }

    // Waits until the host may be asked. False if too many wait already, and nothing is done.
    net::task<bool> enter();

    // The request goes out. A body that is not kept may take as long as its client likes, and a
    // host begins nothing before it has the last byte: until then the request uses no model, so no
    // recovery waits for it, and nobody stands in line behind it.
    void sent() noexcept {
        if (arrival_ == 0)
            arrival_ = host_.next_arrival();
        attempt_epoch_ = host_.guard.epoch();
        if (request_.replayable())
            begin_use();
        else
            host_.settled(claim_);
    }
    // Its model goes by another name from now on.
    void renamed() noexcept {
        claim_.resolved.reset();
        claim_.generation = 0;
    }
    // The host has all of it.
    void arrived() noexcept {
        if (!claim_.running())
            begin_use();
    }

    // Nothing was begun here for an error, so another host may serve it instead.
    bool uninvolved() const noexcept { return relation_ == recovery::relation::none; }
    // What a memory error says of the host counts when it is compared with others.
    void learn_refusal(policy::judgement const& judged);
    // So does that it has not loaded the model, and does not load it.
    void learn_absence();

    // What follows from an attempt's answer. For relay, this is the end: outcome() says what came
    // of the recoveries, if it met any.
    policy::next_step decide(policy::judgement const& judged);

    // The same for one whose instance a recovery has unloaded before it was sent: whether it may be
    // sent again, by await_replay.
    bool may_repeat() const noexcept {
        auto const& set = host_.settings->recovery;
        return set.mode == config::recovery_mode::on && request_.replayable() &&
               replays_ < set.max_replays;
    }

    // From now on all is decided and nothing done for it.
    void only_observe() noexcept { observes_ = true; }

    // Carries out any other step. True if the request is to be sent again.
    net::task<bool> recover(policy::next_step step, policy::judgement const& judged);

    // There is no answer to the attempt, or none that its client can be given.
    void fail();

    // The client has left: ends every wait.
    void leave();

    // The answer is on its way to the client, and this error came in it: the host is healed for the
    // requests to come.
    void heal(policy::judgement const& judged);
    // It is complete, and no error came in it.
    void end_well() {
        if (!host_.brake.empty())
            host_.brake.answered_well(key());
    }
    // The answer is complete.
    void done() noexcept { claim_.end(); }

    recovery::relation relation() const noexcept { return relation_; }
    // It awaits a recovery or its turn.
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
    // A recovery has made no room for it, or was not even tried because it would not. One that has
    // waited for recovery.busy_wait does not wait again elsewhere.
    bool found_no_room() const noexcept {
        using enum recovery::outcome;
        return outcome_ == replay_failed || outcome_ == unload_failed || outcome_ == no_candidate ||
               outcome_ == futile;
    }
    // It could not be replayed, but the host was healed for the next request.
    bool healed() const noexcept { return healed_; }
    // With which its model was loaded for it, in tokens, because its default does not fit.
    std::optional<std::int64_t> context() const noexcept {
        return record_ ? record_->context : std::nullopt;
    }
    // It got no recovery, because the unloads of its host keep failing.
    bool paused() const noexcept { return paused_; }
    claim const& use() const noexcept { return claim_; }

private:
    void begin_use() noexcept {
        claim_.begin(host_.in_flight);
        attempt_epoch_ = host_.guard.epoch();
        host_.note_sent(claim_);
    }
    recovery::trigger trigger(policy::judgement const& judged) const;
    // Too many wait already.
    bool must_not_wait(policy::next_step step) const noexcept {
        return (step == policy::next_step::join || step == policy::next_step::await_replay) &&
               host_.crowded();
    }
    bool futile(policy::verdict v);
    bool braked(policy::verdict v);
    // Unloads have failed again and again, so the next try comes later.
    bool unloads_paused() const noexcept { return host_.unload_pause.lasts(host_.deadlines.now()); }
    std::string_view key();
    policy::next_step give_up(policy::verdict reason, recovery::outcome o);
    void adopt(std::shared_ptr<record> r, recovery::relation as);
    void adopt_lead(std::shared_ptr<record> r);
    void conclude(recovery::outcome o, recovery::relation next = recovery::relation::concluded);
    bool left() const noexcept { return relation_ == recovery::relation::left; }
    bool replay();
    void start(policy::judgement const& judged);
    net::task<bool> lead(policy::judgement const& judged);
    net::task<bool> follow();
    net::task<bool> stand_in_line(policy::judgement const& judged);
    net::task<bool> await_end(policy::judgement const& judged);
    net::task<void> heal_for_next(policy::judgement const& judged);
    net::task<void> await_admission();
    net::task<void> await_progress();

    host_recovery& host_;
    recoverable_request const& request_;
    claim claim_;
    std::optional<line::place> place_;
    net::gate::waiter* waiter_ = nullptr;
    recovery::relation relation_ = recovery::relation::none;
    std::shared_ptr<record> record_;  // the recovery that it met last
    unsigned replays_ = 0;            // that count
    std::uint64_t arrival_ = 0;       // its place among those that wait; 0 before it waits
    std::uint64_t attempt_epoch_ = 0; // the host's when the last attempt began
    std::optional<std::chrono::steady_clock::time_point> refused_; // first
    std::optional<std::uint64_t> refused_with_; // bytes that were loaded when it was refused last
    rare_string named_;                         // what the host called its model
    policy::verdict reason_ = policy::verdict::healthy;
    recovery::outcome outcome_ = outcome::pending;
    bool healed_ = false;
    bool paused_ = false;
    bool observes_ = false;
    bool admitted_ = false; // how its last wait in the line ended
    bool promoted_ = false; // likewise
};

} // namespace secondwind::recovery
