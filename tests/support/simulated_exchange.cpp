#include "support/simulated_exchange.hpp"

#include "support/simulated_cluster.hpp"

#include <utility>

namespace secondwind::test {

using policy::next_step;
using policy::verdict;

simulated_exchange::simulated_exchange(simulated_host& host, recovery::host_recovery& recovery,
                                       request sent)
    : host_{&host}, on_{&recovery}, settings_{recovery.settings}, request_{std::move(sent)},
      body_{request_.asks.model.empty() ? R"({"messages":[]})"
                                        : R"({"model":")" + request_.asks.model + R"("})"},
      model_{body_, request_.replayable}, tail_{request_.asks.tail, "out of memory"} {
    begin_on_host();
}

simulated_exchange::simulated_exchange(simulated_cluster& cluster, std::size_t host, bool may_move,
                                       request sent)
    : simulated_exchange{cluster[host].host, cluster[host].recovery, std::move(sent)} {
    at_ = host;
    home_ = &cluster;
    cluster_ = may_move ? &cluster : nullptr;
}

void simulated_exchange::begin_on_host() {
    recovery::recoverable_request const& me = *this;
    recovery_.emplace(*on_, me, model_, request_.asks.kind);
}

void simulated_exchange::start() {
    net::spawn(run());
}

net::task<void> simulated_exchange::run() {
    bool moved = co_await recovery::run_exchange(*this, *recovery_);
    while (moved) {
        begin_on_host();
        moved = co_await recovery::run_exchange(*this, *recovery_);
    }
    recovery_->done();
    attempt_.reset();
    ++ended_;
    on_end();
}

net::task<void> simulated_exchange::send(bool fresh) {
    ++attempts_;
    resends_ += std::exchange(dead_, false) ? 1 : 0;
    fresh_ = fresh;
    attempt_began_ = virtual_time::now();
    on_attempt();
    attempt_ = std::make_unique<attempt>(*host_, request_.asks, fresh);
    failure_ = {};
    co_return;
}

net::task<void> simulated_exchange::receive() {
    auto const answer = co_await attempt_->call.head();
    answered_ = answer.came;
    unreached_ = answer.unreached;
    if (answer.came) {
        heard_ += gone_ ? 0 : 1;
        judged_ = answer.judged;
    } else {
        dead_ = answer.dead_connection;
        failure_ = {true, answer.dead_connection, answer.unreached};
    }
    if (home_ != nullptr && (answer.came || answer.unreached))
        (*home_)[at_].note_connect(answer.came);
}

bool simulated_exchange::moves_from(recovery::exchange_recovery& recovery) {
    if (!movable() || !recovery.uninvolved() ||
        settings_->recovery.mode != config::recovery_mode::on)
        return false;
    bool const refused = policy::for_memory(judged_.verdict);
    bool const not_stored = says("previous_response_not_found");
    if (!refused && !not_stored && !lacks_model())
        return false;
    if (refused)
        recovery.learn_refusal(judged_);
    else if (!not_stored)
        recovery.learn_absence();
    if (refused)
        tried_.push_back(on_);
    else
        give_up_host();
    auto const& router = cluster_->router;
    if (refused && !settings_->routing.relocate)
        return false;
    return move(refused      ? router.choose_instead(wanted(), *on_, tried_)
                : not_stored ? router.choose_store(wanted(), tried_)
                             : router.choose_holder(wanted(), hopeless_));
}

bool simulated_exchange::lacks_model() const noexcept {
    return !model().empty() && (says("No models loaded.") || says("Multiple models are loaded."));
}

// Nothing of the request was sent.
bool simulated_exchange::moves_after(failure_type const& failure) {
    if (!failure.unreached || !movable())
        return false;
    give_up_host();
    return move(cluster_->router.choose_after_failure(wanted(), tried_));
}

void simulated_exchange::give_up_host() {
    tried_.push_back(on_);
    hopeless_.push_back(on_);
}

bool simulated_exchange::moves_after_recovery() {
    if (cluster_ == nullptr || !request_.replayable ||
        settings_->recovery.mode != config::recovery_mode::on || !settings_->routing.relocate)
        return false;
    give_up_host();
    if (!move(cluster_->router.choose_after_recovery(wanted(), hopeless_)))
        return false;
    held_.reset();
    return true;
}

bool simulated_exchange::move(std::optional<recovery::choice> const& chosen) {
    if (!chosen)
        return false;
    attempt_.reset();
    auto& to = cluster_->routed(chosen->host);
    at_ = to.number;
    host_ = &to.host;
    on_ = &to.recovery;
    ++moves_;
    on_move();
    return true;
}

void simulated_exchange::hold(next_step step) {
    on_decision(step);
    held_ = judged_;
}

net::task<void> simulated_exchange::relay() {
    committed_ = true;
    from_ = answered_by::host;
    answer_ = *held_;
    on_answer();
    if (answer_.verdict == verdict::healthy)
        co_await attempt_->call.rest();
    cut_ = attempt_->call.cut();
    broken_ = attempt_->call.broken();
}

net::task<void> simulated_exchange::reply_failed(failure_type) {
    answer_ourselves();
    co_return;
}

net::task<void> simulated_exchange::reply_crowded() {
    answer_ourselves();
    co_return;
}

policy::judgement const* simulated_exchange::late_error() {
    static policy::judgement const unloaded{verdict::unloaded_in_flight, "Model unloaded."};
    auto const v = answer_.verdict;
    if (settings_->recovery.mode == config::recovery_mode::observe &&
        (policy::for_memory(v) || v == verdict::cache_corruption))
        return &answer_;
    bool const late = !gone_ && answer_.verdict == verdict::healthy;
    if (late && cut_)
        return &unloaded;
    return late && tail_.verdict != verdict::healthy ? &tail_ : nullptr;
}

void simulated_exchange::answer_ourselves() {
    committed_ = true;
    from_ = answered_by::proxy;
}

void simulated_exchange::leave() {
    if (gone_ || over())
        return;
    gone_ = true;
    if (attempt_)
        attempt_->call.cancel();
    recovery_->leave();
}

} // namespace secondwind::test
