// A client of the simulated host, and the exchange that a proxy makes of its request.
#pragma once

#include "support/simulated_host.hpp"

#include <secondwind/recovery/exchange_loop.hpp>
#include <secondwind/recovery/router.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::test {

class simulated_cluster;

// Does what the product's loop asks for, as proxy::exchange does it over connections.
class simulated_exchange final : recovery::recoverable_request {
public:
    enum class answered_by { nobody, host, proxy };
    struct request {
        std::string id;
        wish asks;
        bool replayable = true;
        bool idempotent = false;
    };

    simulated_exchange(simulated_host& host, recovery::host_recovery& recovery, request sent);
    // To the host of that number, and to another one where the product's router says so if it
    // `may_move`.
    simulated_exchange(simulated_cluster& cluster, std::size_t host, bool may_move, request sent);

    // Runs to its end, once; this object must last as long.
    void start();
    // The client goes.
    void leave();

    request const& sent() const noexcept { return request_; }
    std::string const& model() const { return request_.asks.model; }
    std::size_t body_size() const noexcept { return body_.size(); }

    bool in_flight() const noexcept { return recovery_->use().running(); }
    bool over() const noexcept { return ended_ > 0; }
    unsigned ended() const noexcept { return ended_; }
    bool answered() const noexcept { return answered_; }   // the last attempt, by the host
    bool unreached() const noexcept { return unreached_; } // the last attempt, the host
    bool committed() const noexcept { return committed_; }
    bool cut() const noexcept { return cut_; }       // the stream that the client got
    bool broken() const noexcept { return broken_; } // likewise, with its connection
    unsigned attempts() const noexcept { return attempts_; }
    unsigned resends() const noexcept { return resends_; } // after a connection that was dead
    bool fresh() const noexcept { return fresh_; }     // the last attempt is on a new connection
    unsigned heard() const noexcept { return heard_; } // answers of the host, of all its attempts
    simulated_host::call const* call() const noexcept {
        return attempt_ ? &attempt_->call : nullptr;
    }
    virtual_time::time_point attempt_began() const noexcept { return attempt_began_; }

    // Another host may serve it, as far as it is up to the request.
    bool movable() const noexcept { return cluster_ != nullptr && request_.replayable && !held_; }

    // In the end.
    answered_by from() const noexcept { return from_; }
    policy::judgement const& answer() const noexcept { return answer_; }
    recovery::exchange_recovery const& recovery() const noexcept { return *recovery_; }
    bool met_recovery() const noexcept { return recovery_->met_recovery(); }
    recovery::outcome outcome() const noexcept { return recovery_->outcome(); }
    std::size_t unloaded() const noexcept { return recovery_->unloaded(); }
    std::size_t host() const noexcept { return at_; }  // its number in the cluster
    unsigned moves() const noexcept { return moves_; } // from one host to another

    // What a test may want to hear of.
    std::function<void()> on_attempt = [] {};
    std::function<void(policy::next_step)> on_decision = [](policy::next_step) {};
    std::function<void()> on_move = [] {};   // host() is the new one
    std::function<void()> on_answer = [] {}; // its first byte
    std::function<void()> on_end = [] {};

    // See recovery::recoverable_exchange.
    struct failure_type {
        bool failed = false;
        bool dead_connection = false;
        bool unreached = false;
        explicit operator bool() const noexcept { return failed; }
    };
    bool gone() const noexcept { return gone_; }
    bool uses_models() const noexcept { return true; }
    void note_gate_wait() const noexcept {}
    net::task<void> send(bool fresh);
    net::task<void> receive();
    failure_type attempt_failure() const noexcept { return failure_; }
    void note_attempt() const noexcept {}
    policy::judgement const& judged() const noexcept { return judged_; }
    bool may_resend(failure_type const& failure) const noexcept {
        return failure.dead_connection && request_.idempotent && request_.replayable;
    }
    bool moves_from(recovery::exchange_recovery& recovery);
    bool moves_after(failure_type const& failure);
    bool moves_after_recovery();
    void hold(policy::next_step step);
    bool holds_answer(failure_type const&) const noexcept { return held_.has_value(); }
    net::task<void> relay();
    net::task<void> reply_failed(failure_type failure);
    net::task<void> reply_crowded();
    policy::judgement const* late_error();

private:
    struct attempt {
        attempt(simulated_host& host, wish const& asks, bool fresh) : call{host, asks, fresh} {}
        simulated_host::call call;
    };

    net::task<void> run();
    void begin_on_host();
    bool says(std::string_view text) const noexcept {
        return judged_.message.find(text) != std::string::npos;
    }
    bool lacks_model() const noexcept;
    void give_up_host();
    bool move(std::optional<recovery::choice> const& chosen);
    recovery::wanted_model wanted() const { return {model_.name(), request_.asks.kind}; }
    void answer_ourselves();

    std::string_view id() const override { return request_.id; }
    std::string_view path() const override {
        return request_.asks.kind == lmstudio::model_kind::embedding ? "/v1/embeddings"
                                                                     : "/v1/chat/completions";
    }
    std::string authorization() const override { return {}; }
    bool replayable() const override { return request_.replayable; }
    bool sent_blind() const override { return false; }
    policy::context_choice choice_of_context() const override { return request_.asks.context; }

    simulated_host* host_;
    recovery::host_recovery* on_;
    simulated_cluster* home_ = nullptr;    // that its host is one of
    simulated_cluster* cluster_ = nullptr; // null: it stays where it is
    std::size_t at_ = 0;
    recovery::tried_hosts tried_;
    recovery::tried_hosts hopeless_; // of those; see proxy::request
    unsigned moves_ = 0;
    config::current_settings const& settings_;
    request request_;
    std::string body_;
    lmstudio::requested_model model_;
    policy::judgement tail_; // the last event of its stream
    std::optional<recovery::exchange_recovery> recovery_;
    std::unique_ptr<attempt> attempt_;
    policy::judgement judged_;
    std::optional<policy::judgement> held_;
    virtual_time::time_point attempt_began_;
    bool gone_ = false;
    bool committed_ = false;
    bool cut_ = false;
    bool broken_ = false;
    bool answered_ = false;
    bool unreached_ = false;
    bool fresh_ = false;
    bool dead_ = false;    // the connection of the last attempt was
    failure_type failure_; // of the last attempt
    unsigned ended_ = 0;
    unsigned attempts_ = 0;
    unsigned resends_ = 0;
    unsigned heard_ = 0;
    answered_by from_ = answered_by::nobody;
    policy::judgement answer_;
};

} // namespace secondwind::test
