#include "support/route_schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace secondwind::test {

using namespace std::chrono_literals;
using policy::verdict;
using fault = simulated_host::fault;

namespace {

constexpr auto last_fault = static_cast<int>(fault::list_stale);

} // namespace

route_schedule::route_schedule(std::uint64_t seed, choice by) : seeded_random{seed} {
    calm_ = chance(40);
    slow_ = chance(30);
    length_ = slow_ ? one_of<milliseconds>({20s, 120s}) : one_of<milliseconds>({300ms, 1500ms, 6s});
    choose_settings();
    choose_models();
    referee_.emplace(time_, io_, cluster_, names_, calm_);
    choose_hosts(by);
    choose_clients();
    if (chance(30))
        choose_agents();
    if (!calm_)
        choose_events();
}

void route_schedule::choose_settings() {
    auto& r = settings_.recovery;
    settings_.cold_load.gate = chance(85);
    settings_.routing.max_age = one_of<milliseconds>({0s, 1s, 60s, 60s});
    settings_.routing.list_wait = one_of<milliseconds>({20ms, 250ms, 250ms, 2s});
    if (chance(20))
        r.max_replays = static_cast<unsigned>(number(1, 3));
    if (chance(20))
        r.residency = one_of<milliseconds>({0ms, 500ms, 20s});
    if (calm_)
        return;
    if (chance(10))
        r.mode = chance(60) ? config::recovery_mode::observe : config::recovery_mode::off;
    if (chance(20))
        r.max_replays = static_cast<unsigned>(number(0, 3));
    if (chance(20))
        r.evict = one_of<policy::evict>({policy::evict::idle, policy::evict::all});
    if (chance(20))
        r.turns = one_of<policy::turns>({policy::turns::on, policy::turns::off});
    if (chance(20))
        r.pinned = one_of<std::vector<std::string>>({{"m0"}, {"m1", "m2"}});
    r.busy_wait = one_of<milliseconds>({60ms, 5s, 600s, 600s});
    r.cooldown = one_of<milliseconds>({0ms, 5s, 300s});
    r.list_timeout = one_of<milliseconds>({500ms, 10s});
}

void route_schedule::choose_models() {
    auto const count = number(2, 6);
    for (int n = 0; n < count; ++n) {
        auto const size = static_cast<simulated_host::size_type>(number(10, 95));
        models_.push_back(
            {fmt::format("m{}", n), size, calm_ || chance(85), lmstudio::model_kind::llm});
        names_.push_back(models_.back().key);
    }
}

void route_schedule::choose_hosts(choice by) {
    auto const count = static_cast<std::size_t>(one_of<int>({1, 2, 3, 3, 3, 3, 3, 3, 3, 4}));
    faults_.resize(count);
    for (std::size_t i = 0; i < count; ++i)
        choose_host(i);
    cluster_.route();
    if (by == choice::by_host) {
        settings_.routing.mode = config::routing_mode::host;
        cluster_.router.take(cluster_.routed_hosts());
    }
    for (std::size_t i = 0; i < count; ++i)
        choose_loaded(cluster_[i]);
}

void route_schedule::choose_host(std::size_t number_of_host) {
    constexpr std::array<char const*, 4> names{"rtx", "mac", "box", "old"};
    std::vector<simulated_host::model> models;
    for (auto const& each : models_)
        if (chance(80))
            models.push_back(each);
    if (models.empty())
        models = models_;
    auto const memory = one_of<simulated_host::size_type>({60, 100, 100, 100, 150});
    auto& one = cluster_.add(names[number_of_host], memory, std::move(models));
    referee_->watch(one);
    if (chance(15))
        one.upstream.handicap = one_of<milliseconds>({500ms, 2s, 60s});
    if (chance(10))
        one.upstream.models = one_of<std::vector<std::string>>({{"m0"}, {"m[12]"}, {"m*"}});
    if (chance(15))
        one.upstream.memory = memory * one.host.unit;
    auto& host = one.host;
    host.slots = slow_ ? 0 : one_of<std::size_t>({0, 0, 1, 4});
    host.tells_activity = chance(70);
    host.guardrail = chance(75);
    host.duplicates = chance(60);
    host.takes = {.list = span(0, 10),
                  .activity = span(0, 10),
                  .unload = span(0, 60),
                  .load = slow_ ? span(1000, 15000) : span(5, 400),
                  .error = span(0, 15)};
    if (chance(30))
        host.takes.lingering = span(1, 300);
    if (chance(30))
        host.takes.release = span(1, 600);
    host.vary = [this](milliseconds m) {
        return std::max(milliseconds{2}, m * number(50, 150) / 100);
    };
    if (!calm_)
        choose_faults(one);
}

void route_schedule::choose_faults(member& of) {
    auto& host = of.host;
    host.auto_evict = chance(15);
    host.lists_unloaded = chance(85);
    host.takes.patience = settings_.recovery.list_timeout;
    if (chance(15))
        host.takes.list = span(200, 3000);
    if (chance(10))
        host.takes.unlisted = span(1, 400);
    auto& faults = faults_[of.number];
    for (int f = 0; f <= last_fault; ++f)
        if (chance(20))
            faults[static_cast<fault>(f)] = number(5, 50);
    host.strikes = [this, &faults](fault f) {
        auto const found = faults.find(f);
        return found != faults.end() && chance(found->second);
    };
}

void route_schedule::choose_loaded(member& of) {
    for (int n = number(0, 4); n > 0; --n)
        foreign_load(of);
}

void route_schedule::foreign_load(member& of) {
    auto const* const model = of.host.find_model(one_of(names_));
    if (model == nullptr || of.host.down() || of.host.used() + model->size > of.host.memory())
        return;
    bool const again = of.host.serving(model->key) != nullptr;
    if (!again || (!calm_ && chance(20)))
        of.host.load(model->key);
}

wish route_schedule::choose_wish() {
    wish w;
    w.model = one_of(names_);
    w.first_byte = span(1, 200);
    w.rest = chance(20) ? span(0, 2000) : span(0, 200);
    if (slow_)
        w.rest = chance(15) ? span(10'000, 100'000) : span(500, 8000);
    if (chance(15)) {
        w.response = fmt::format("resp_{}", responses_.size());
        responses_.push_back(w.response);
    }
    if (calm_)
        return w;
    if (!responses_.empty() && chance(10))
        w.continues = one_of(responses_);
    if (chance(5))
        w.tail = one_of<verdict>({verdict::insufficient_memory, verdict::cache_corruption});
    if (chance(5))
        w.model += ":2";
    if (chance(8))
        w.model = one_of<std::string>({"nobody_knows", "nobody", "m0-variant"});
    if (chance(8))
        w.model.clear();
    w.bad = chance(4);
    return w;
}

simulated_client& route_schedule::add_client(wish asks) {
    bool const replayable = calm_ || !chance(5);
    std::optional<std::size_t> named;
    if (chance(8))
        named = any_host().number;
    auto& client =
        clients_.emplace_back(cluster_,
                              simulated_exchange::request{fmt::format("x{}", clients_.size()),
                                                          std::move(asks), replayable, chance(30)},
                              named);
    referee_->watch(client);
    return client;
}

void route_schedule::choose_clients() {
    auto const count = number(2, 30);
    // Some come all at once.
    auto const burst = chance(30) ? span(0, 300) : length_;
    for (int n = 0; n < count; ++n) {
        auto& client = add_client(choose_wish());
        auto const comes = span(0, static_cast<int>((n % 3 == 0 ? length_ : burst).count()));
        if (calm_ || !chance(20)) {
            at(comes, [&client] { client.start(); });
            continue;
        }
        at(comes, [this, &client, stays = span(0, slow_ ? 40'000 : 700)] {
            client.start();
            at(stays, [this, &client] {
                referee_->trace(client.sent().id + " leaves");
                client.leave();
            });
        });
    }
}

// Each sends a request once it has the answer to the last, and may go on from its response.
void route_schedule::choose_agents() {
    for (int n = number(1, 3); n > 0; --n) {
        auto w = choose_wish();
        w.rest = std::min(w.rest, milliseconds{40'000});
        bool const converses = chance(50);
        if (converses)
            w.response.clear();
        auto const pause = span(0, 1500);
        auto const go_on = std::make_shared<std::function<void(int)>>();
        agents_.push_back(go_on);
        *go_on = [this, w, pause, converses, next = go_on.get()](int rest) mutable {
            if (converses) {
                w.continues = std::exchange(w.response, fmt::format("resp_{}", responses_.size()));
                responses_.push_back(w.response);
            }
            auto& client = add_client(w);
            client.on_end = [this, pause, rest, next, report = client.on_end] {
                report();
                if (rest > 1)
                    at(pause, [next, rest] { (*next)(rest - 1); });
            };
            client.start();
        };
        at(span(0, static_cast<int>(length_.count())),
           [next = go_on.get(), steps = number(3, 12)] { (*next)(steps); });
    }
}

void route_schedule::at(milliseconds when, std::function<void()> event) {
    ++to_come_;
    time_.after(when, [this, event = std::move(event)] {
        --to_come_;
        event();
    });
}

void route_schedule::happens(std::string name, std::function<void()> event) {
    at(span(0, static_cast<int>(length_.count())),
       [this, name = std::move(name), event = std::move(event)] {
           referee_->trace(name);
           event();
       });
}

route_schedule::member& route_schedule::any_host() {
    return cluster_[static_cast<std::size_t>(number(0, static_cast<int>(cluster_.size()) - 1))];
}

std::string route_schedule::any_instance(member& of) {
    auto const ids = of.host.ids();
    return ids.empty() ? std::string{} : one_of(ids);
}

void route_schedule::choose_events() {
    for (int n = number(0, 8); n > 0; --n) {
        auto& one = any_host();
        auto const& name = one.upstream.name;
        auto const kind = number(1, 100);
        if (kind <= 15)
            happens("foreign request to " + name, [this, &one] {
                one.host.occupy(any_instance(one), span(1, chance(20) ? 4000 : 500));
            });
        else if (kind <= 25)
            happens("foreign load on " + name, [this, &one] { foreign_load(one); });
        else if (kind <= 35)
            happens("foreign unload on " + name,
                    [this, &one] { one.host.drop(any_instance(one)); });
        else if (kind <= 42)
            happens("crash on " + name, [this, &one] { one.host.crash(any_instance(one)); });
        else if (kind <= 70)
            choose_outage(one);
        else if (kind <= 85)
            happens(name + " is drained", [this, &one] {
                one.draining = true;
                if (chance(70))
                    at(span(1, 3000), [&one] { one.draining = false; });
            });
        else
            choose_change_of_hosts();
    }
}

void route_schedule::choose_outage(member& one) {
    bool const hangs = chance(40);
    happens(one.upstream.name + (hangs ? " hangs" : " dies"), [this, &one, hangs] {
        if (hangs)
            one.host.hang();
        else
            one.host.go_down();
        at(chance(30) ? span(1000, 30'000) : span(1, 800), [this, &one, hangs] {
            referee_->trace(one.upstream.name + " is back");
            if (hangs)
                one.host.go_on();
            else
                one.host.come_back();
        });
    });
}

// A reload that leaves hosts out or brings them back, in any order.
void route_schedule::choose_change_of_hosts() {
    std::vector<std::size_t> order(cluster_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    shuffle(order);
    if (order.size() > 1 && chance(50))
        order.pop_back();
    happens("reload", [this, order] {
        if (cluster_.router.by_model() || order.size() > 1)
            cluster_.route(order);
    });
}

bool route_schedule::run() {
    auto const hopeless = [this] { return referee_->breaches().size() > 50; };
    auto const over = [this, hopeless] {
        bool at_rest = to_come_ == 0 && std::ranges::all_of(clients_, &simulated_client::over);
        for (std::size_t i = 0; i < cluster_.size() && at_rest; ++i)
            at_rest = cluster_[i].at_rest();
        return hopeless() || at_rest;
    };
    bool const ended = time_.pass_until(over, 4h);
    referee_->conclude();
    return ended && !hopeless();
}

} // namespace secondwind::test
