// What the referee says of hosts, of prices, and of the end.
#include "support/route_referee.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace secondwind::test {

using namespace std::chrono_literals;
using policy::residence;
using policy::verdict;
using answered_by = simulated_exchange::answered_by;

void route_referee::settled() {
    now_ = {};
    for (std::size_t i = 0; i < cluster_.size(); ++i) {
        check_counts(cluster_[i]);
        check_waiting(cluster_[i]);
    }
    for (auto const& [id, w] : clients_)
        if (w.client->exchange() && w.exchange().gone() && !w.client->over())
            breach(id + " has left, and still waits");
}

// What is counted as in flight is what the host has.
void route_referee::check_counts(member& host) {
    auto const& counted = host.recovery.in_flight;
    std::map<std::string, std::size_t> names;
    std::size_t silent = 0;
    for (auto const& each : counted.claims()) {
        ++names[each.model().name()];
        silent += each.possible() && !each.answering();
    }
    if (names != host.host.requests_by_name())
        breach(fmt::format("{} requests are counted on {}, which has {}, or for other models",
                           counted.size(), host.upstream.name, host.host.requests()));
    if (silent != counted.awaiting())
        breach(fmt::format("{} requests on {} count as unanswered, and {} are", counted.awaiting(),
                           host.upstream.name, silent));
}

void route_referee::check_waiting(member& host) {
    auto& recovery = host.recovery;
    if (!recovery.line.empty() && recovery.guard.gate() == policy::gate::open &&
        !recovery.guard.recovering() && recovery.in_flight.awaiting() == 0 && recovery.at_rest())
        breach("requests wait on " + host.upstream.name + ", and nothing goes on");
}

// The order of the hosts in the file says nothing.
void route_referee::check_same_choice(recovery::wanted_model const& wanted) {
    auto hosts = cluster_.routed_hosts();
    std::ranges::reverse(hosts);
    mirror_.take(hosts);
    auto const here = cluster_.router.price(wanted);
    auto const there = mirror_.price(wanted);
    if (here.empty() != there.empty())
        return breach("the order of the hosts decides whether there is one");
    if (here.empty())
        return;
    auto const& mine = here.candidates[here.prices.cheapest];
    auto const& its = there.candidates[there.prices.cheapest];
    if (mine.host != its.host)
        breach(
            fmt::format("the order of the hosts decides between {} and {}", mine.host, its.host));
    check_prices(here);
}

// One more request makes no host cheaper, and the model that is loaded none dearer.
void route_referee::check_prices(recovery::offers const& all) {
    for (auto const& each : all.candidates) {
        auto const before = policy::price_of(each).total();
        auto busier = each;
        ++busier.same_model;
        ++busier.in_flight;
        if (policy::price_of(busier).total() < before)
            breach("a request makes " + std::string{each.host} + " cheaper");
        auto loaded = each;
        loaded.residence = residence::loaded;
        loaded.victims = {};
        loaded.wait = {};
        loaded.refused = false;
        if (policy::price_of(loaded).total() > before)
            breach("the loaded model makes " + std::string{each.host} + " dearer");
    }
}

// A host whose only loaded model is in use makes no cheaper room for another than one where it is
// idle.
void route_referee::check_busy_room(member& host) {
    auto const& loaded = host.recovery.models.all().loaded;
    if (loaded.size() != 1)
        return;
    auto const price = [&](std::string const& model) {
        recovery::wanted_model const wanted{model, lmstudio::model_kind::llm};
        recovery::lookup fresh;
        auto const one = recovery::candidate_on(host.recovery, wanted, host.upstream,
                                                policy::pace::usual_rate, fresh);
        return policy::price_of(one).total();
    };
    auto const body = fmt::format(R"({{"model":"{}"}})", loaded.front().id);
    for (auto const& model : models_) {
        if (model == loaded.front().model)
            continue;
        auto const idle = price(model);
        lmstudio::requested_model const asks{body};
        recovery::claim by{asks, lmstudio::model_kind::llm};
        by.begin(host.recovery.in_flight);
        auto const busy = price(model);
        if (busy < idle)
            breach(fmt::format("{} is cheaper for {} while {} is in use: {} s, else {} s",
                               host.upstream.name, model, loaded.front().id, busy.count(),
                               idle.count()));
    }
}

void route_referee::conclude() {
    for (auto const& [id, w] : clients_) {
        if (w.client->ended() != 1)
            breach(id + " has not ended");
        else if (calm_)
            helped(w);
    }
    for (std::size_t i = 0; i < cluster_.size(); ++i) {
        auto& host = cluster_[i];
        auto const& name = host.upstream.name;
        if (host.recovery.in_flight.size() > 0 || host.host.requests() > 0)
            breach("a request is still in flight on " + name);
        if (host.recovery.waiting() > 0 || host.recovery.guard.recovering())
            breach("a request or a recovery still waits on " + name);
        // What is known not to fit is let through, and without the guardrail its load begins.
        bool const gated = cluster_.settings->cold_load.gate && host.host.guardrail;
        if (calm_ && gated && host.host.counts.duplicates > 0)
            breach(name + " has loaded a model twice at once");
    }
    for (auto const& r : cluster_.ledger.records())
        if (!r->finished() || r->awaiting != 0)
            breach(fmt::format("recovery {} has not finished", r->id));
    if (breaches_.empty())
        check_busy_room(cluster_[0]);
}

// A request whose model fits somewhere is answered.
void route_referee::helped(watched const& w) {
    auto const& client = *w.client;
    auto const& asks = client.sent().asks;
    auto const fits = [&](member const& host) {
        auto const* const model = host.host.find_model(asks.model);
        return model != nullptr && model->size <= host.host.memory() &&
               (asks.continues.empty() || host.host.stores(asks.continues));
    };
    if (!client.exchange())
        return breach(w.id() + " was refused");
    auto const& e = w.exchange();
    bool const by_itself = e.answer().verdict == verdict::unloaded_in_flight;
    bool const healthy = e.from() == answered_by::host && e.answer().verdict == verdict::healthy;
    bool possible = false;
    for (auto* const each : cluster_.routed())
        possible = possible || (fits(*each) && (allows(*each, asks.model) || w.bound) &&
                                (!w.bound || each->number == w.hosts.front()));
    if (possible && !healthy && !by_itself)
        breach(fmt::format("{} could have been answered: {} {}, {}, after {} attempts on {} hosts",
                           w.id(), to_string(e.answer().verdict), e.answer().message,
                           to_string(e.outcome()), e.attempts(), w.hosts.size()));
}

} // namespace secondwind::test
