#include "support/simulated_client.hpp"

namespace secondwind::test {

using policy::choice_reason;

net::task<simulated_client::destination> simulated_client::choose() {
    auto& cluster = cluster_;
    if (named_)
        co_return destination{&cluster[*named_], choice_reason::asked};
    auto const& continues = sent_.asks.continues;
    if (!cluster.router.by_model()) {
        auto& sole = cluster.routed(0);
        bool const serves = !sole.draining || !continues.empty();
        co_return destination{serves ? &sole : nullptr, choice_reason::only};
    }
    std::optional<recovery::choice> chosen;
    if (auto const stores = cluster.responses.host_of(continues); !stores.empty())
        chosen = cluster.router.find(stores, choice_reason::stored);
    if (!chosen)
        chosen = co_await cluster.choose(wanted());
    if (!chosen)
        co_return destination{};
    co_return destination{&cluster.routed(chosen->host), chosen->reason};
}

net::task<void> simulated_client::run() {
    began_ = virtual_time::now();
    auto const to = co_await choose();
    if (gone_ || to.host == nullptr) {
        refused_ = !gone_;
        end();
        co_return;
    }
    reason_ = to.reason;
    on_choice(*to.host);
    exchange_.emplace(cluster_, to.host->number, policy::is_free(to.reason), sent_);
    exchange_->on_end = [this] { end(); };
    on_exchange(*exchange_);
    exchange_->start();
}

void simulated_client::end() {
    ++ended_;
    bool const healthy = exchange_ && exchange_->from() == simulated_exchange::answered_by::host &&
                         exchange_->answer().verdict == policy::verdict::healthy &&
                         !exchange_->cut() && !exchange_->broken() && !exchange_->gone();
    if (healthy && !sent_.asks.response.empty())
        cluster_.responses.note(sent_.asks.response, cluster_[exchange_->host()].upstream.name);
    on_end();
}

void simulated_client::leave() {
    gone_ = true;
    if (exchange_)
        exchange_->leave();
}

} // namespace secondwind::test
