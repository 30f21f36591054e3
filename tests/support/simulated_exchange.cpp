#include "support/simulated_exchange.hpp"

namespace secondwind::test {

using policy::next_step;

simulated_exchange::simulated_exchange(simulated_host& host, recovery::supervisor& care,
                                       request what)
    : host_{host}, care_{care}, what_{std::move(what)}, body_{what_.asks.model.empty()
                                                                  ? R"({"messages":[]})"
                                                                  : R"({"model":")" +
                                                                        what_.asks.model + R"("})"},
      model_{body_, what_.replayable}, wind_{care, *this} {}

void simulated_exchange::start() {
    net::spawn(run());
}

net::task<void> simulated_exchange::run() {
    co_await attempts_made();
    if (gone_)
        wind_.leave();
    attempt_.reset();
    ++ended_;
    on_end();
}

net::task<void> simulated_exchange::attempts_made() {
    auto const admitted = co_await wind_.enter();
    if (!admitted) {
        answer_ourselves();
        co_return;
    }
    bool again = true;
    while (again && !gone_) {
        ++attempts_;
        attempt_began_ = virtual_time::now();
        on_attempt();
        attempt_ = std::make_unique<attempt>(host_, care_, what_.asks, model_);
        auto const answer = co_await attempt_->call.head();
        if (gone_)
            co_return;
        if (answer.came) {
            ++heard_;
            again = co_await judge(answer.judged);
            continue;
        }
        again = false;
        // Where the host gave an answer, the client never gets an invented one.
        if (!held_) {
            answer_ourselves();
            continue;
        }
        wind_.fail();
        co_await give(std::move(*held_));
    }
}

net::task<bool> simulated_exchange::judge(policy::judgement judged) {
    auto const step = wind_.decide(judged, attempt_->epoch);
    on_decision(step);
    if (step == next_step::relay) {
        held_.reset();
        co_await give(std::move(judged));
        co_return false;
    }
    held_ = judged;
    attempt_->use.reset();
    auto const again = co_await wind_.recover(step, judged);
    if (!again && !gone_)
        co_await give(std::move(*held_));
    co_return again;
}

net::task<void> simulated_exchange::give(policy::judgement judged) {
    committed_ = true;
    from_ = answered_by::host;
    answer_ = std::move(judged);
    if (answer_.verdict != policy::verdict::healthy)
        co_return;
    co_await attempt_->call.rest();
    policy::judgement const tail{what_.asks.tail, "out of memory"};
    if (!gone_ && tail.verdict != policy::verdict::healthy)
        wind_.heal(tail, attempt_->epoch);
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
    wind_.leave();
}

} // namespace secondwind::test
