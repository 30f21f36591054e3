#include "support/simulated_cluster.hpp"

#include <utility>

namespace secondwind::test {

simulated_cluster::member::member(simulated_cluster& home, config::upstream configured,
                                  simulated_host::size_type memory,
                                  std::vector<simulated_host::model> models)
    : cluster{home}, upstream{std::move(configured)}, host{home.time_, home.io_, memory,
                                                           std::move(models)},
      recovery{upstream.name, home.io_, home.time_.deadlines(), host, home.ledger, home.settings},
      answered_{home.io_} {}

void simulated_cluster::member::note_connect(bool worked) {
    if (worked)
        rest.worked(virtual_time::now());
    else
        rest.failed(virtual_time::now());
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

void simulated_cluster::add(std::string name, simulated_host::size_type memory,
                            std::vector<simulated_host::model> models) {
    config::upstream configured;
    configured.name = std::move(name);
    members_.push_back(
        std::make_unique<member>(*this, std::move(configured), memory, std::move(models)));
}

void simulated_cluster::route() {
    auto& all = settings.values();
    all.upstreams.clear();
    all.routing.mode = config::routing_mode::model;
    std::vector<recovery::routed_host> hosts;
    for (auto const& each : members_) {
        all.upstreams.push_back(each->upstream);
        hosts.push_back({&each->recovery, &each->upstream, &each->rest, nullptr,
                         [one = each.get()](std::chrono::milliseconds max_age) {
                             return one->ask_models(max_age);
                         }});
    }
    router.take(std::move(hosts));
}

net::task<recovery::choice> simulated_cluster::choose(recovery::wanted_model wanted) {
    auto known = router.choose(wanted);
    if (known)
        co_return std::move(*known);
    auto asked = co_await router.ask_and_choose(wanted);
    co_return std::move(*asked); // none of its hosts drains
}

} // namespace secondwind::test
