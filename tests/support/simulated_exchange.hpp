// A client of the simulated host, and the exchange that a proxy makes of its request.
#pragma once

#include "support/simulated_host.hpp"

#include <secondwind/recovery/second_wind.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::test {

// Drives a second_wind in the way of proxy::exchange, step by step.
class simulated_exchange final : recovery::subject {
public:
    enum class answered_by { nobody, host, proxy };
    struct request {
        std::string id;
        wish asks;
        bool replayable = true;
    };

    simulated_exchange(simulated_host& host, recovery::supervisor& care, request what);

    // Runs to its end, once; this object must last as long.
    void start();
    // The client goes.
    void leave();

    request const& what() const noexcept { return what_; }
    std::string const& model() const override { return what_.asks.model; }

    bool in_flight() const noexcept { return attempt_ && attempt_->use; }
    bool over() const noexcept { return ended_ > 0; }
    unsigned ended() const noexcept { return ended_; }
    bool gone() const noexcept { return gone_; }
    bool committed() const noexcept { return committed_; }
    unsigned attempts() const noexcept { return attempts_; }
    unsigned heard() const noexcept { return heard_; } // answers of the host, of all its attempts
    simulated_host::call const* call() const noexcept {
        return attempt_ ? &attempt_->call : nullptr;
    }
    virtual_time::time_point attempt_began() const noexcept { return attempt_began_; }

    // In the end.
    answered_by from() const noexcept { return from_; }
    policy::judgement const& answer() const noexcept { return answer_; }
    bool met_recovery() const noexcept { return wind_.met_recovery(); }
    recovery::outcome outcome() const noexcept { return wind_.outcome(); }
    std::size_t unloaded() const noexcept { return wind_.unloaded(); }

    // What a test may want to hear of.
    std::function<void()> on_attempt = [] {};
    std::function<void(policy::next_step)> on_decision = [](policy::next_step) {};
    std::function<void()> on_end = [] {};

private:
    struct attempt {
        attempt(simulated_host& host, recovery::supervisor& care, wish const& asks,
                lmstudio::requested_model const& model)
            : use{std::in_place, care.users, model}, epoch{care.guard.epoch()}, call{host, asks} {}
        std::optional<recovery::in_flight::entry> use;
        std::uint64_t epoch;
        simulated_host::call call;
    };

    net::task<void> run();
    net::task<void> attempts_made();
    net::task<bool> judge(policy::judgement judged);
    net::task<void> give(policy::judgement judged);
    void answer_ourselves();

    std::string_view id() const override { return what_.id; }
    std::string_view path() const override { return "/v1/chat/completions"; }
    std::string authorization() const override { return {}; }
    bool replayable() const override { return what_.replayable; }

    simulated_host& host_;
    recovery::supervisor& care_;
    request what_;
    std::string body_;
    lmstudio::requested_model model_;
    recovery::second_wind wind_;
    std::unique_ptr<attempt> attempt_;
    std::optional<policy::judgement> held_;
    virtual_time::time_point attempt_began_;
    bool gone_ = false;
    bool committed_ = false;
    unsigned ended_ = 0;
    unsigned attempts_ = 0;
    unsigned heard_ = 0;
    answered_by from_ = answered_by::nobody;
    policy::judgement answer_;
};

} // namespace secondwind::test
