// An operation of LM Studio's SDK on a simulated host, by a handle that names its model.
#pragma once

#include "support/simulated_host.hpp"

#include <secondwind/recovery/host_recovery.hpp>
#include <secondwind/recovery/operation_recovery.hpp>

#include <memory>
#include <optional>
#include <string>

namespace secondwind::test {

// Does what proxy::watched_tunnel does with one, by the product's own decisions.
class simulated_operation final : recovery::recoverable_request, recovery::recoverable_operation {
public:
    simulated_operation(simulated_host& host, recovery::host_recovery& on, std::string id,
                        wish asks)
        : host_{host}, on_{on}, id_{std::move(id)}, asks_{std::move(asks)}, names_{asks_.model,
                                                                                   {}} {
        asks_.handle = true;
        model_ = lmstudio::requested_model::known("{}", true, asks_.model, false, 0);
        recovery::recoverable_request const& me = *this;
        recovery_.emplace(on_, me, model_, asks_.kind);
    }

    // Runs to its end, once; this object must last as long.
    void start() { net::spawn(run()); }
    // The client goes, or cancels it.
    void leave() {
        if (ended_ || over)
            return;
        over = true;
        if (call_)
            call_->cancel();
        recovery_->leave();
        if (reload != nullptr)
            reload->cancel();
    }

    bool ended() const noexcept { return ended_; }
    bool left() const noexcept { return over; }
    unsigned attempts() const noexcept { return attempts_; }
    std::string const& id_of() const noexcept { return id_; }
    std::string const& model() const noexcept { return asks_.model; }
    // What its client was told.
    policy::judgement const& answer() const noexcept { return answer_; }
    recovery::exchange_recovery const& recovery() const noexcept { return *recovery_; }

private:
    net::task<void> run() {
        if (recovery_->held() && !recovery_->admitted())
            co_await recovery_->enter();
        bool again = !over;
        while (again) {
            auto const then = on_.reloads.handles.changes();
            recovery_->sent();
            recovery_->arrived();
            ++attempts_;
            call_ = std::make_unique<simulated_host::call>(host_, asks_, true);
            auto const got = co_await call_->head();
            if (over)
                break;
            answer_ = got.judged;
            if (!got.came)
                answer_ = {policy::verdict::other_error, "the tunnel was cut"};
            if (answer_.verdict == policy::verdict::healthy) {
                static_cast<void>(recovery_->decide(answer_));
                co_await call_->rest();
                break;
            }
            bool const unknown = answer_.message.find("No model found") != std::string::npos;
            auto error = recovery::judge_operation(on_, *this, answer_, unknown, then);
            if (!recovery::is_curable(on_, *this, error)) {
                static_cast<void>(
                    recovery_->decide({policy::verdict::other_error, answer_.message}));
                break;
            }
            auto const step = recovery::step_after(*this, error);
            if (step == policy::next_step::relay || step == policy::next_step::heal)
                break;
            again = co_await recovery::recover_operation(on_, *this, step, error.judged);
            again = again && !over;
        }
        recovery_->done();
        call_.reset();
        ended_ = true;
    }

    std::string_view id() const override { return id_; }
    std::string_view path() const override { return "/llm"; }
    std::string_view endpoint() const override { return "predict"; }
    std::string authorization() const override { return {}; }
    bool replayable() const override { return true; }
    bool sent_blind() const override { return false; }
    policy::context_choice choice_of_context() const override {
        return reloads_ ? policy::context_choice::fixed : policy::context_choice::open;
    }

    recovery::exchange_recovery& recoveries() noexcept override { return *recovery_; }
    lmstudio::sdk_model const& names() const noexcept override { return names_; }
    bool loads() const noexcept override { return false; }
    void load_again(std::string_view model) override {
        reloads_ = true;
        model_ = lmstudio::requested_model::known("{}", true, model, false, 0);
        recovery_->renamed();
    }

    simulated_host& host_;
    recovery::host_recovery& on_;
    std::string id_;
    wish asks_;
    lmstudio::sdk_model names_;
    lmstudio::requested_model model_;
    std::optional<recovery::exchange_recovery> recovery_;
    std::unique_ptr<simulated_host::call> call_;
    policy::judgement answer_;
    unsigned attempts_ = 0;
    bool reloads_ = false;
    bool ended_ = false;
};

} // namespace secondwind::test
