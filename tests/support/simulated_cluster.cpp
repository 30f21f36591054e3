#include "support/simulated_cluster.hpp"

#include <numeric>
#include <utility>

namespace secondwind::test {

using host::observation;

simulated_cluster::member::member(simulated_cluster& home, std::size_t place,
                                  config::upstream configured, simulated_host::size_type memory,
                                  std::vector<simulated_host::model> models)
    : cluster{home}, number{place}, upstream{std::move(configured)}, host{home.time_, home.io_,
                                                                          memory,
                                                                          std::move(models)},
      recovery{upstream.name, home.io_, home.time_.deadlines(), host, home.ledger, home.settings},
      answered_{home.io_} {}

// What host::host_view does.
void simulated_cluster::member::note_connect(bool worked) {
    observe(worked ? observation::connected : observation::unreachable);
    if (!worked)
        rest.failed(virtual_time::now());
    else if (health.up())
        rest.worked(virtual_time::now());
}

void simulated_cluster::member::note_contact(recovery::contact reached) {
    switch (reached) {
    case recovery::contact::none:
        break;
    case recovery::contact::unreachable:
        note_connect(false);
        break;
    case recovery::contact::no_answer:
        observe(observation::no_answer);
        rest.failed(virtual_time::now());
        break;
    case recovery::contact::answered:
        rest.worked(virtual_time::now());
        observe(observation::answered);
        break;
    }
}

// What it had loaded before it was down may not be loaded any more.
void simulated_cluster::member::observe(observation seen) {
    using enum secondwind::host::host_state;
    auto const before = health.state();
    health.note(seen, {}, {});
    auto const after = health.state();
    if (before != after && (before == down || after == down) && recovery.learns_from_requests())
        recovery.models.forget();
}

net::task<void> simulated_cluster::member::ask_models(std::chrono::milliseconds max_age) {
    if (recovery.models.asked_within(max_age, virtual_time::now()))
        co_return;
    if (asking_) {
        net::gate::waiter waiting{answered_};
        co_await waiting;
        co_return;
    }
    asking_ = true;
    ++asked;
    auto listed = co_await host.list({});
    note_contact(listed.reached);
    if (listed.instances) {
        auto completed = co_await host.with_activity(std::move(*listed.instances), {});
        recovery.models.listed(std::move(completed), std::move(listed.unloaded),
                               virtual_time::now());
    } else {
        recovery.models.not_listed(virtual_time::now());
    }
    asking_ = false;
    answered_.open();
}

simulated_cluster::member& simulated_cluster::add(std::string name,
                                                  simulated_host::size_type memory,
                                                  std::vector<simulated_host::model> models) {
    config::upstream configured;
    configured.name = std::move(name);
    members_.push_back(std::make_unique<member>(*this, members_.size(), std::move(configured),
                                                memory, std::move(models)));
    return *members_.back();
}

void simulated_cluster::route() {
    std::vector<std::size_t> all(members_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    route(all);
}

void simulated_cluster::route(std::vector<std::size_t> const& numbers) {
    auto& all = settings.values();
    all.upstreams.clear();
    all.routing.mode = config::routing_mode::model;
    routed_.clear();
    for (auto const number : numbers) {
        routed_.push_back(members_[number].get());
        all.upstreams.push_back(routed_.back()->upstream);
    }
    router.take(routed_hosts());
}

std::vector<recovery::routed_host> simulated_cluster::routed_hosts() const {
    std::vector<recovery::routed_host> hosts;
    for (auto* const each : routed_)
        hosts.push_back(
            {&each->recovery, &each->upstream, &each->rest, &each->draining,
             [each](std::chrono::milliseconds max_age) { return each->ask_models(max_age); }});
    return hosts;
}

net::task<std::optional<recovery::choice>>
simulated_cluster::choose(recovery::wanted_model wanted) {
    auto chosen = router.choose(wanted);
    if (!chosen)
        chosen = co_await router.ask_and_choose(wanted);
    co_return chosen;
}

} // namespace secondwind::test
