#include "support/simulated_exchange.hpp"

#include <utility>

namespace secondwind::test {

using policy::next_step;
using policy::verdict;

simulated_exchange::simulated_exchange(simulated_host& host, recovery::host_recovery& recovery,
                                       request sent)
    : host_{host}, host_recovery_{recovery}, request_{std::move(sent)},
      body_{request_.asks.model.empty() ? R"({"messages":[]})"
                                        : R"({"model":")" + request_.asks.model + R"("})"},
      model_{body_, request_.replayable}, tail_{request_.asks.tail, "out of memory"}, recovery_{
                                                                                          recovery,
                                                                                          *this} {}

void simulated_exchange::start() {
    net::spawn(run());
}

net::task<void> simulated_exchange::run() {
    co_await recovery::run_exchange(*this, recovery_);
    attempt_.reset();
    ++ended_;
    on_end();
}

net::task<simulated_exchange::failure_type> simulated_exchange::send(bool fresh) {
    ++attempts_;
    resends_ += std::exchange(dead_, false) ? 1 : 0;
    fresh_ = fresh;
    attempt_began_ = virtual_time::now();
    on_attempt();
    attempt_ = std::make_unique<attempt>(host_, host_recovery_, request_.asks, model_, fresh);
    co_return failure_type{};
}

net::task<simulated_exchange::failure_type> simulated_exchange::receive() {
    auto const answer = co_await attempt_->call.head();
    failure_type failure;
    answered_ = answer.came;
    if (answer.came) {
        heard_ += gone_ ? 0 : 1;
        judged_ = answer.judged;
    } else {
        dead_ = answer.dead_connection;
        failure = {true, answer.dead_connection};
    }
    co_return failure;
}

void simulated_exchange::hold(next_step step) {
    on_decision(step);
    held_ = judged_;
    if (step != next_step::relay)
        attempt_->use.reset();
}

net::task<void> simulated_exchange::relay() {
    committed_ = true;
    from_ = answered_by::host;
    answer_ = *held_;
    if (answer_.verdict == verdict::healthy)
        co_await attempt_->call.rest();
}

net::task<void> simulated_exchange::reply_failed(failure_type) {
    answer_ourselves();
    co_return;
}

net::task<void> simulated_exchange::reply_crowded() {
    answer_ourselves();
    co_return;
}

policy::judgement const* simulated_exchange::late_error() const noexcept {
    bool const late = !gone_ && answer_.verdict == verdict::healthy;
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
    recovery_.leave();
}

} // namespace secondwind::test
