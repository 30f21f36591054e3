#include <secondwind/recovery/candidate.hpp>

#include "plan_request.hpp"

#include <algorithm>
#include <vector>

namespace secondwind::recovery {

namespace {

using policy::residence;
using policy::seconds;

// The requests that the host serves, or that wait there, as far as they use a model.
class company {
public:
    company(host_recovery& host, known_model const& wanted, std::string_view name)
        : host_{host}, wanted_{wanted}, name_{name} {
        for (auto& each : host.in_flight.claims())
            add(each);
        for (auto& each : host.line.places())
            add(each.by());
    }

    std::size_t all = 0;
    std::size_t same_model = 0;
    claim const* loads = nullptr; // the first that is loading the wanted model

private:
    void add(claim& each) {
        if (!each.possible())
            return;
        ++all;
        if (!uses_it(each))
            return;
        ++same_model;
        if (loads == nullptr && each.running() && !each.answering())
            loads = &each;
    }

    bool uses_it(claim& each) const {
        return wanted_.match == lmstudio::match::found
                   ? host_.models.resolve(each).key == wanted_.key
                   : each.model().name() == name_;
    }

    host_recovery& host_;
    known_model const& wanted_;
    std::string_view name_;
};

residence residence_on(host_recovery& host, known_model const& wanted, std::string_view name,
                       claim const* loads) {
    auto const& models = host.models;
    if (wanted.instance)
        return residence::loaded;
    if (wanted.match == lmstudio::match::found)
        return loads != nullptr ? residence::loading : residence::on_disk;
    // LM Studio served a name that it does not list.
    if (!name.empty() && models.answered_lately(name, host.deadlines.now()))
        return residence::loaded;
    return models.lists_all() ? residence::absent : residence::perhaps;
}

seconds time_since(std::optional<host_recovery::time_point> then, host_recovery::time_point now) {
    return then ? seconds{now - *then} : seconds::max();
}

// What has to go before the model loads.
struct room {
    std::vector<policy::victim> victims;
    bool busy = false;  // something that is in use
    bool never = false; // nothing that could go makes enough room
};

void take(room& taken, host_recovery& host, lmstudio::instance const& one, double load_rate) {
    auto const* const use = host.models.use_of(one.id);
    auto const idle =
        time_since(use == nullptr ? std::nullopt : use->idle_since, host.deadlines.now());
    taken.victims.push_back({host.pace.load_time(one.size_bytes, load_rate), idle});
}

// A host that keeps only the last model that a request has loaded.
room room_by_itself(host_recovery& host, std::string_view key, double load_rate) {
    room taken;
    for (auto const& each : host.evictable_for(key)) {
        taken.busy = taken.busy || host.is_used(each);
        take(taken, host, each, load_rate);
    }
    return taken;
}

room room_by_plan(host_recovery& host, lmstudio::resolved_model const& wanted, std::uint64_t memory,
                  double load_rate) {
    room taken;
    auto request = plan_basis(host, wanted, policy::verdict::load_refused);
    if (memory != 0) {
        auto const too_much = memory + 1;
        request.least_refused = std::min(request.least_refused.value_or(too_much), too_much);
        request.least_refused_alone =
            std::min(request.least_refused_alone.value_or(too_much), too_much);
    }
    auto const sum = host.models.bytes_loaded() + request.loading + request.size;
    bool const fits = request.size == 0 || !request.least_refused || sum < *request.least_refused;
    if (fits)
        return taken;
    request.stage = policy::stage::enough;
    bool const fits_smaller = host.fitting_context(wanted.key).has_value();
    if (fits_smaller)
        plan_to_fit(request);
    auto const plan = policy::make_plan(request, candidates_of(host));
    for (auto const& each : plan.victims)
        take(taken, host, each, load_rate);
    taken.busy = plan.reason == policy::plan_reason::all_busy;
    for (auto const& each : host.models.all().loaded) // what it waits for goes in the end
        if (taken.busy && std::ranges::find(plan.targets, each.id) != plan.targets.end())
            taken.victims.push_back({host.pace.load_time(each.size_bytes, load_rate), {}});
    // What was refused beside others says nothing of a host that has nothing loaded any more.
    taken.never = plan.victims.empty() && !taken.busy && !fits_smaller &&
                  plan.reason != policy::plan_reason::nothing_loaded;
    return taken;
}

// What goes on before the model is loaded: the recovery that runs, and the loads of those that
// stand in line.
seconds wait_before(host_recovery& host, std::string_view key, double load_rate) {
    std::vector<std::string> first;
    auto const add = [&](std::string const& one) {
        if (one != key && std::ranges::find(first, one) == first.end())
            first.push_back(one);
    };
    if (host.guard.recovering())
        add(host.guard.latest()->wanted.key);
    for (auto& each : host.line.places())
        if (!each.admitted() && each.by().possible() && host.models.serving(each.by()) == nullptr)
            add(host.models.resolve(each.by()).key);
    seconds sum{};
    for (auto const& each : first)
        sum += host.pace.load_time(host.models.size_of(each), load_rate);
    return sum;
}

void look_up(lookup& kept, host_recovery& host, wanted_model const& wanted) {
    // What no name means depends on the kind as well.
    bool const stale = wanted.name.empty() || kept.generation != host.models.generation();
    if (stale) {
        kept.known = host.models.find(wanted.name, wanted.kind);
        kept.generation = host.models.generation();
        kept.rank = policy::rendezvous(wanted.name, host.name);
    }
    if (stale || kept.lessons != host.pace.lessons()) {
        auto const& key = kept.known->key;
        kept.pace = host.pace.of(key.empty() ? wanted.name : key);
        kept.lessons = host.pace.lessons();
    }
}

} // namespace

policy::candidate candidate_on(host_recovery& host, wanted_model const& wanted,
                               config::upstream const& configured, double load_rate, lookup& kept) {
    look_up(kept, host, wanted);
    auto const& known = kept.known;
    auto const& key = known->key;
    company const others{host, *known, wanted.name};
    policy::candidate one;
    one.host = host.name;
    one.residence = residence_on(host, *known, wanted.name, others.loads);
    one.same_model = others.same_model;
    one.in_flight = others.all;
    one.slots = known->slots;
    one.pace = kept.pace;
    one.rank = kept.rank;
    one.handicap = configured.handicap;
    // Its lab has to drop a probe, and to load what it had unloaded.
    if (host.lease.held())
        one.wait = policy::busy_cost(one.pace.value_or(policy::usual_pace));
    if (one.residence == residence::loaded)
        return one;
    auto const now = host.deadlines.now();
    one.load = host.pace.load_time(host.models.size_of(key), load_rate);
    if (one.residence == residence::loading) {
        auto const since =
            others.loads->load_began ? now - *others.loads->load_began : host_recovery::duration{};
        one.load = std::max<seconds>(one.load - since, seconds{});
        return one;
    }
    if (known->match != lmstudio::match::found)
        return one;
    auto const room = host.takes_turns() ? room_by_itself(host, key, load_rate)
                                         : room_by_plan(host, *known, configured.memory, load_rate);
    one.victims = policy::victims_cost(room.victims);
    if (room.busy)
        one.victims += policy::busy_cost(one.pace.value_or(policy::usual_pace));
    one.wait += wait_before(host, key, load_rate);
    if (host.guard.gate() == policy::gate::waiting)
        one.wait += policy::busy_cost(one.pace.value_or(policy::usual_pace));
    one.refused = room.never || host.is_futile(key, policy::context_choice::open);
    return one;
}

} // namespace secondwind::recovery
