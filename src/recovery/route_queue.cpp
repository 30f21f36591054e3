#include <secondwind/recovery/route_queue.hpp>

#include <secondwind/net/timed_wait.hpp>

#include <boost/asio/post.hpp>

#include <chrono>

namespace secondwind::recovery {

using std::chrono::milliseconds;

net::task<route_queue::outcome> route_queue::place::turn() {
    auto& queue = queue_;
    if (queue.stopped_)
        co_return outcome::withdrawn;
    queue.waiting_.add(client_, *this);
    waits_ = true;
    queue.serve();
    auto const wait = queue.settings_->routing.wait;
    if (queue.waiting_.size() > queue.settings_->limits.route_waiters)
        end(outcome::full);
    auto const until = queue.deadlines_.now() + wait;
    has_waited_ = waits_;
    while (waits_ && queue.deadlines_.now() < until) {
        auto const left = std::chrono::ceil<milliseconds>(until - queue.deadlines_.now());
        net::timed_wait called{called_, queue.deadlines_, left};
        co_await called;
    }
    end(outcome::late);
    co_return outcome_;
}

void route_queue::place::end(outcome how) {
    if (!waits_)
        return;
    waits_ = false;
    outcome_ = how;
    if (how == outcome::granted)
        queue_.waiting_.served(*this);
    else
        queue_.waiting_.left(*this);
    called_.open();
}

void route_queue::place::withdraw() {
    end(outcome::withdrawn);
    outcome_ = outcome::withdrawn;
}

// What ends its wait now; nothing if it goes on.
std::optional<route_queue::outcome> route_queue::outcome_of(place const& one) const {
    auto state = vacancy::free;
    if (one.wanted_ != nullptr)
        state = router_.vacancy_for(*one.wanted_);
    else if (one.drains_ != nullptr && *one.drains_)
        state = vacancy::none;
    else if (one.permits_->all_given())
        state = vacancy::full;
    if (state == vacancy::full)
        return std::nullopt;
    return state == vacancy::free ? outcome::granted : outcome::draining;
}

void route_queue::serve() {
    if (stopped_)
        return;
    auto const is_over = [this](place const& one) { return outcome_of(one).has_value(); };
    while (auto* const next = waiting_.next(is_over)) {
        auto const how = *outcome_of(*next);
        auto chosen = how == outcome::granted && next->wanted_ != nullptr
                          ? router_.choose_now(*next->wanted_)
                          : std::nullopt;
        if (how == outcome::granted)
            next->go(chosen ? &*chosen : nullptr);
        next->end(how);
    }
    auto const now = deadlines_.now();
    auto const rest_end = empty() ? std::nullopt : router_.next_rest_end();
    if (rest_end)
        rest_ends_.after(std::chrono::ceil<milliseconds>(*rest_end - now));
}

// A permit may be given back in the middle of anything.
void route_queue::reconsider() {
    if (empty() || reconsidering_ || stopped_)
        return;
    reconsidering_ = true;
    boost::asio::post(io_, [this] {
        reconsidering_ = false;
        serve();
    });
}

void route_queue::stop() {
    stopped_ = true;
    auto const any = [](place const&) { return true; };
    while (auto* const next = waiting_.next(any))
        next->withdraw();
}

} // namespace secondwind::recovery
