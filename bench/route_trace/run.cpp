#include "run.hpp"

#include "support/simulated_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <numeric>
#include <optional>

namespace secondwind::bench {

namespace {

using namespace std::chrono_literals;
using test::simulated_cluster;
using test::simulated_exchange;
using test::simulated_host;
using test::virtual_time;

constexpr auto longest_run = 24h * 30;
constexpr milliseconds start_of_a_load = 2s;
constexpr milliseconds load_unit = 83ms; // 1.2 GB a second
// By then, nothing else counts.
constexpr int lessons = 20;

double seconds(milliseconds m) {
    return static_cast<double>(m.count()) / 1000;
}

// Nearest rank.
double quantile(std::vector<milliseconds> waits, std::size_t percent) {
    if (waits.empty())
        return 0;
    auto const at = (waits.size() * percent + 99) / 100 - 1;
    std::ranges::nth_element(waits, waits.begin() + static_cast<std::ptrdiff_t>(at));
    return seconds(waits[at]);
}

class trace_run {
public:
    trace_run(workload const& asked, routing_policy const& by, run_options const& options);
    figures run();

private:
    void add_hosts();
    void plan_outage();
    net::task<void> serve(std::size_t number);
    net::task<recovery::choice> choose(std::size_t number, story& told);
    void misjudge_loads();
    void trace(std::string const& line) const {
        if (options_.trace)
            fmt::print("{:>10.3f} s  {}\n", seconds(time_.elapsed()), line);
    }
    void trace_offers(recovery::wanted_model const& wanted) const;
    void sum_up();

    workload const& asked_;
    routing_policy by_;
    run_options options_;
    boost::asio::io_context io_;
    virtual_time time_{io_};
    simulated_cluster cluster_{time_, io_};
    std::optional<baseline> baseline_;
    std::size_t active_ = 0;
    figures figures_;
    std::vector<std::vector<milliseconds>> waits_; // by model
    std::vector<story> stories_;
};

trace_run::trace_run(workload const& asked, routing_policy const& by, run_options const& options)
    : asked_{asked}, by_{by}, options_{options}, waits_(asked.models.size()) {
    cluster_.settings.values().cold_load.gate = by_.gate;
    add_hosts();
    if (by_.choice == choice_by::price)
        cluster_.route();
    else
        baseline_.emplace(by_.choice, asked_, cluster_);
    plan_outage();
}

void trace_run::add_hosts() {
    for (std::size_t i = 0; i < asked_.hosts.size(); ++i) {
        auto const& each = asked_.hosts[i];
        std::vector<simulated_host::model> models;
        for (auto const& m : asked_.models)
            if (m.on[i])
                models.push_back({.key = m.key, .size = m.memory, .file = m.file});
        cluster_.add(each.name, each.memory, std::move(models));
        auto& host = cluster_[i].host;
        host.unit = memory_unit;
        host.slots = 4;
        host.prompts = 8;
        host.speed = each.speed;
        host.company = 0.1;
        host.duplicates = true;
        host.takes.load = start_of_a_load;
        host.takes.load_unit = load_unit;
        host.takes.error = 20ms;
        if (!options_.trace)
            continue;
        host.on_load = [this, &each](auto const& key) { trace(each.name + " loads " + key); };
        host.on_unload = [this, &each](auto const& id) { trace(each.name + " unloads " + id); };
        host.on_event = [this, &each](auto const& line) { trace(each.name + " " + line); };
    }
}

void trace_run::plan_outage() {
    if (!asked_.outage)
        return;
    time_.after(asked_.outage->from, [this] { cluster_[asked_.outage->host].host.go_down(); });
    time_.after(asked_.outage->to, [this] { cluster_[asked_.outage->host].host.come_back(); });
}

figures trace_run::run() {
    active_ = asked_.arrivals.size();
    for (std::size_t i = 0; i < asked_.arrivals.size(); ++i)
        time_.after(asked_.arrivals[i].when, [this, i] { net::spawn(serve(i)); });
    figures_.stuck = !time_.pass_until([this] { return active_ == 0; }, longest_run);
    figures_.took = time_.elapsed();
    sum_up();
    auto const result = figures_;
    if (!result.stuck)
        time_.pass(1h); // what still runs refers to all of this
    return result;
}

// Whatever was learned of the hosts' pace, it is wrong by that factor.
void trace_run::misjudge_loads() {
    if (by_.estimates == 0)
        return;
    constexpr auto bytes = 1000 * memory_unit * gigabyte;
    auto const took = by_.estimates * 1000 * load_unit * gigabyte + 1s;
    for (std::size_t i = 0; i < cluster_.size(); ++i)
        for (int n = 0; n < lessons; ++n)
            cluster_[i].recovery.pace.loaded(bytes, took);
}

void trace_run::trace_offers(recovery::wanted_model const& wanted) const {
    if (!options_.trace)
        return;
    auto const all = cluster_.router.price(wanted);
    for (std::size_t i = 0; i < all.candidates.size(); ++i) {
        auto const& one = all.candidates[i];
        auto const& p = all.prices.prices[i];
        trace(fmt::format(
            "    {:<5} {:<8} {:>5.1f} s = queue {:.1f} load {:.1f} victims {:.1f} "
            "reread {:.1f} handicap {:.1f}; {} for it, {} in all, pace {:.1f}{}",
            one.host, to_string(one.residence), p.total().count(), p.queue.count(), p.load.count(),
            p.victims.count(), p.reread.count(), p.handicap.count(), one.same_model, one.in_flight,
            one.pace.value_or(policy::seconds{}).count(), one.refused ? ", refused" : ""));
    }
}

net::task<recovery::choice> trace_run::choose(std::size_t number, story& told) {
    auto const& asks = asked_.arrivals[number];
    if (baseline_)
        co_return recovery::choice{baseline_->choose(asks.model), policy::choice_reason::port, {}};
    misjudge_loads();
    // Requests of a burst have nothing in common.
    auto const body = asks.conversation != 0 ? asks.body() : std::string{};
    recovery::wanted_model const wanted{asked_.models[asks.model].key, lmstudio::model_kind::llm,
                                        body, "client"};
    auto const found = co_await cluster_.choose(wanted);
    auto chosen = *found; // none of the hosts drains
    trace_offers(wanted);
    auto const reason = policy::to_string(chosen.reason);
    ++figures_.reasons[std::string{reason}];
    told.text = reason;
    co_return chosen;
}

net::task<void> trace_run::serve(std::size_t number) {
    auto const& asks = asked_.arrivals[number];
    auto const began = virtual_time::now();
    story told{number, asks.model, asks.when};
    auto const name = [this](std::size_t host) { return asked_.hosts[host].name; };
    auto const say = [&](std::string const& event) {
        if (options_.slowest > 0)
            told.text += fmt::format(
                ", {:.1f} s {}", std::chrono::duration<double>(virtual_time::now() - began).count(),
                event);
        if (options_.trace)
            trace(fmt::format("x{} {}", number, event));
    };
    if (options_.trace)
        trace(fmt::format("x{} asks for {}", number, asked_.models[asks.model].key));
    auto const chosen = co_await choose(number, told);
    auto const first = chosen.host;
    say(name(first));
    simulated_exchange::request sent;
    sent.id = fmt::format("x{}", number);
    sent.asks.model = asked_.models[asks.model].key;
    sent.asks.first_byte = asks.first_byte;
    sent.asks.rest = asks.rest;
    sent.asks.conversation = asks.conversation;
    sent.asks.kept = asks.kept;
    simulated_exchange exchange{cluster_, first, by_.moves, std::move(sent)};
    net::gate ended{io_};
    exchange.on_end = [&] { ended.open(); };
    exchange.on_attempt = [&] { say(fmt::format("attempt {}", exchange.attempts())); };
    exchange.on_move = [&] { say(fmt::format("moves to {}", name(exchange.host()))); };
    exchange.on_decision = [&](policy::next_step s) { say(std::string{to_string(s)}); };
    exchange.on_answer = [&] {
        told.wait = std::chrono::duration_cast<milliseconds>(virtual_time::now() - began);
    };
    exchange.start();
    if (!exchange.over()) {
        net::gate::waiter waiting{ended};
        co_await waiting;
    }
    if (baseline_)
        baseline_->ended(first);
    bool const healthy = exchange.from() == simulated_exchange::answered_by::host &&
                         exchange.answer().verdict == policy::verdict::healthy && !exchange.cut();
    if (healthy && !baseline_)
        cluster_.router.note_read(chosen.turn, name(exchange.host()));
    figures_.failed += healthy ? 0 : 1;
    figures_.moves += exchange.moves();
    if (healthy)
        waits_[asks.model].push_back(told.wait);
    else
        say(fmt::format("FAILED: {}", exchange.answer().message));
    if (options_.slowest > 0)
        stories_.push_back(std::move(told));
    --active_;
}

void trace_run::sum_up() {
    figures_.requests = asked_.arrivals.size();
    std::vector<milliseconds> all;
    for (auto const& each : waits_) {
        all.insert(all.end(), each.begin(), each.end());
        figures_.worst_p95 = std::max(figures_.worst_p95, quantile(each, 95));
    }
    figures_.p50 = quantile(all, 50);
    figures_.p95 = quantile(all, 95);
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < cluster_.size(); ++i) {
        auto const& counts = cluster_[i].host.counts;
        figures_.loads += counts.loads;
        figures_.duplicates += counts.duplicates;
        figures_.met_outage += counts.unreached;
        figures_.listings += cluster_[i].asked;
        sum += seconds(counts.busy);
        squares += seconds(counts.busy) * seconds(counts.busy);
    }
    figures_.fairness = sum * sum / (static_cast<double>(cluster_.size()) * squares);
    if (asked_.outage)
        figures_.in_outage = static_cast<std::size_t>(
            std::ranges::count_if(asked_.arrivals, [&](arrival const& each) {
                return each.when >= asked_.outage->from && each.when < asked_.outage->to;
            }));
    auto const kept = std::min(options_.slowest, stories_.size());
    std::ranges::partial_sort(stories_, stories_.begin() + static_cast<std::ptrdiff_t>(kept),
                              std::ranges::greater{}, &story::wait);
    stories_.resize(kept);
    figures_.slowest = std::move(stories_);
}

} // namespace

figures run(workload const& asked, routing_policy const& by, run_options const& options) {
    auto all = std::make_unique<trace_run>(asked, by, options);
    auto result = all->run();
    if (result.stuck)
        static_cast<void>(all.release()); // what still hangs refers to it
    return result;
}

} // namespace secondwind::bench
