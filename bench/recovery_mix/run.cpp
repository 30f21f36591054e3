#include "run.hpp"
#include "dice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace secondwind::bench {

namespace {

using namespace std::chrono_literals;
using test::simulated_host;
using test::virtual_time;

constexpr auto longest_run = 48h;

class mix_run {
public:
    mix_run(mix const& m, run_options const& options);
    figures run();

private:
    void set_up();
    void start_clients();
    net::task<void> closed_loop(clients const& c, std::string name, std::uint64_t seed);
    net::task<void> one_round(clients const& c, std::string name, dice random);
    net::task<bool> ask(std::string id, work const& w, dice& random);
    std::string key_of(work const& w, dice& random) const;
    bool time_is_up() const { return mix_.length > 0ms && time_.elapsed() >= mix_.length; }
    void trace(std::string const& line) const {
        if (options_.trace)
            fmt::print("{:>9.3f} s  {}   [{}{}]\n",
                       static_cast<double>(time_.elapsed().count()) / 1000, line,
                       fmt::join(host_.ids(), " "),
                       host_.loading().empty()
                           ? std::string{}
                           : fmt::format("; loading {}", fmt::join(host_.loading(), " ")));
    }
    std::vector<simulated_host::model> models() const;

    mix const& mix_;
    run_options options_;
    boost::asio::io_context io_;
    virtual_time time_{io_};
    simulated_host host_{time_, io_, mix_.memory, models()};
    std::unique_ptr<front> front_;
    unsigned active_ = 0;
    figures figures_;
};

mix_run::mix_run(mix const& m, run_options const& options) : mix_{m}, options_{options} {
    set_up();
}

std::vector<simulated_host::model> mix_run::models() const {
    std::vector<simulated_host::model> all;
    for (auto const& m : mix_.models)
        all.push_back({m.key, m.size, true, m.kind});
    return all;
}

void mix_run::set_up() {
    host_.unit = memory_unit;
    host_.slots = 4;
    host_.guardrail = options_.conditions.guardrail;
    host_.auto_evict = mix_.auto_evict;
    host_.refusal = policy::verdict::load_refused;
    host_.takes.load = 2s;
    host_.takes.load_unit = 1000ms / gigabyte;
    host_.takes.error = 20ms;
    host_.takes.release = options_.conditions.release;
    if (options_.trace) {
        host_.on_load = [this](std::string const& key) { trace("load: " + key); };
        host_.on_unload = [this](std::string const& id) { trace("unload: " + id); };
        host_.on_event = [this](std::string const& line) { trace(line); };
    }
    for (auto const& m : mix_.models)
        if (m.loaded)
            host_.load(m.key);
    surroundings around{time_, io_, host_, {}, options_.old_defaults};
    if (options_.trace)
        around.trace = [this](std::string const& line) { trace(line); };
    front_ = make_front(options_.front, std::move(around));
}

figures mix_run::run() {
    start_clients();
    figures_.runs = 1;
    figures_.stuck = !time_.pass_until([this] { return active_ == 0; }, longest_run);
    figures_.took = time_.elapsed();
    figures_.cut_by_unload = host_.counts.cut_by_unload;
    figures_.loads = host_.counts.loads;
    figures_.refusals = host_.counts.refusals;
    auto const result = figures_;
    if (!result.stuck)
        time_.pass(1h); // what still runs refers to all of this
    return result;
}

void mix_run::start_clients() {
    auto seed = options_.seed * 1000;
    for (auto const& c : mix_.clients) {
        dice arrivals{++seed};
        if (c.law == arrival::closed) {
            for (unsigned n = 0; n < c.count; ++n) {
                ++active_;
                auto const name = c.count > 1 ? fmt::format("{}{}", c.name, n) : c.name;
                time_.after(
                    arrivals.between(c.first.from, c.first.to),
                    [this, &c, name, own = ++seed] { net::spawn(closed_loop(c, name, own)); });
            }
            continue;
        }
        auto when = arrivals.between(c.first.from, c.first.to);
        for (unsigned n = 0;; ++n) {
            when += c.law == arrival::regular ? c.pause.to : arrivals.around(c.pause.to);
            if (when >= mix_.length || (c.requests > 0 && n == c.requests))
                break;
            ++active_;
            dice const own{seed * 100'000 + n};
            time_.after(when, [this, &c, n, own] {
                net::spawn(one_round(c, fmt::format("{}.{}", c.name, n), own));
            });
        }
    }
}

net::task<void> mix_run::closed_loop(clients const& c, std::string name, std::uint64_t seed) {
    dice random{seed};
    for (unsigned n = 0; (c.requests == 0 || n < c.requests) && !time_is_up(); ++n) {
        bool good = true;
        for (auto step = c.steps.begin(); step != c.steps.end() && good; ++step)
            good = co_await ask(fmt::format("{}.{}", name, n), *step, random);
        virtual_time::sleep thinking{time_, random.between(c.pause.from, c.pause.to)};
        co_await thinking;
    }
    --active_;
}

net::task<void> mix_run::one_round(clients const& c, std::string name, dice random) {
    bool good = true;
    for (auto step = c.steps.begin(); step != c.steps.end() && good; ++step)
        good = co_await ask(name, *step, random);
    --active_;
}

std::string mix_run::key_of(work const& w, dice& random) const {
    return w.model == "*" ? mix_.models[random.below(mix_.models.size())].key : w.model;
}

net::task<bool> mix_run::ask(std::string id, work const& w, dice& random) {
    test::wish wanted;
    wanted.model = key_of(w, random);
    wanted.first_byte = random.between(w.first_byte.from, w.first_byte.to);
    wanted.rest = random.between(w.rest.from, w.rest.to);
    auto const key = wanted.model;
    auto const began = virtual_time::now();
    if (options_.trace)
        trace(fmt::format("{} asks for {}", id, key));
    auto const answer = co_await front_->serve(id, std::move(wanted));
    auto const waited = answer.first_byte
                            ? std::chrono::duration_cast<milliseconds>(*answer.first_byte - began)
                            : 0ms;
    if (options_.trace)
        trace(fmt::format("{} {}, first byte after {} ms", id, answer.healthy ? "served" : "LOST",
                          waited.count()));
    if (mix_.fits(key)) {
        ++figures_.requests;
        figures_.failures += answer.healthy ? 0 : 1;
        if (answer.first_byte)
            figures_.waits[key].push_back(waited);
    }
    co_return answer.healthy;
}

} // namespace

figures run_mix(mix const& m, run_options const& options) {
    auto run = std::make_unique<mix_run>(m, options);
    auto result = run->run();
    if (result.stuck)
        static_cast<void>(run.release()); // what still hangs refers to it
    return result;
}

void figures::add(figures const& other) {
    runs += other.runs;
    requests += other.requests;
    failures += other.failures;
    cut_by_unload += other.cut_by_unload;
    loads += other.loads;
    refusals += other.refusals;
    took += other.took;
    stuck = stuck || other.stuck;
    for (auto const& [key, more] : other.waits) {
        auto& all = waits[key];
        all.insert(all.end(), more.begin(), more.end());
    }
}

std::vector<milliseconds> figures::sorted_waits() const {
    std::vector<milliseconds> all;
    for (auto const& [key, each] : waits)
        all.insert(all.end(), each.begin(), each.end());
    std::ranges::sort(all);
    return all;
}

milliseconds figures::longest_wait(std::vector<std::string> const& except) const {
    milliseconds longest{};
    for (auto const& [key, each] : waits)
        if (std::ranges::find(except, key) == except.end() && !each.empty())
            longest = std::max(longest, std::ranges::max(each));
    return longest;
}

} // namespace secondwind::bench
