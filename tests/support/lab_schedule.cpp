#include "support/lab_schedule.hpp"

#include <secondwind/net/timed_wait.hpp>

#include <algorithm>
#include <iostream>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace secondwind::test {

using registry::outcome;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

constexpr auto longest_run = std::chrono::hours{24 * 20};
constexpr std::int64_t gigabyte = 1'000'000'000;
constexpr std::size_t most_runs = 6;

} // namespace

// Hears nothing but complaints.
class lab_schedule::listener final : public lab::narrator {
public:
    explicit listener(lab_schedule& of) : story_{of} {}
    void begins(std::size_t) override {}
    void planned(std::span<lab::planned_model const>) override {}
    void probing(lab::position const&, lab::wanted_probe const&) override {}
    void probed(lab::position const& at, registry::probe const& ended) override {
        story_.trace(lab::probe_line(at, ended));
    }
    void finished(lab::position const& at, lab::result const& added_up, lab::searched_model const&,
                  double, std::optional<double>) override {
        story_.trace(
            fmt::format("{}: {}, works {}", at.key, added_up.status, added_up.works.value_or(0)));
    }
    void yields(std::vector<std::string> const&) override { story_.trace("yields"); }
    void says(std::string const& sentence) override { story_.trace(sentence); }
    std::optional<bool> asks(std::string const&) override { return true; }

private:
    lab_schedule& story_;
};

// A lease under which requests come and wait.
class lab_schedule::request_lease final : public lab::lease {
public:
    explicit request_lease(boost::asio::io_context& io) : freed_{io} {}

    net::task<bool> acquire(milliseconds) override {
        held_ = true;
        co_return true;
    }
    std::string const& failure() const noexcept override { return failure_; }
    net::task<void> release() override {
        held_ = false;
        waiting_.clear();
        co_return;
    }
    bool held() const noexcept override { return held_; }
    std::vector<std::string> wanted() const override { return waiting_; }
    void on_wanted(std::function<void()> act) override { act_ = std::move(act); }
    void loaded(std::string const&) override {}
    void unloaded(std::string const&) override {}
    void cancel() noexcept override {}

    void request(std::string const& model) {
        if (!held_)
            return;
        waiting_.push_back(model);
        act_();
    }
    bool somebody_waits() const noexcept { return !waiting_.empty(); }

private:
    net::gate freed_;
    std::string failure_;
    std::vector<std::string> waiting_;
    std::function<void()> act_ = [] {};
    bool held_ = false;
};

lab_schedule::lab_schedule(std::uint64_t seed, bool tracing)
    : seeded_random{seed}, tracing_{tracing}, machine_{io_, time_, number(12, 64) * gigabyte,
                                                       random_models()} {
    machine_.on_event = [this](std::string const& line) { trace(line); };
    machine_.tells_loads = seed % 2 == 0;
    machine_.loads_again = seed % 4 == 0;
    machine_.estimates = chance(70);
    machine_.estimate_factor = chance(50) ? 1.0 : chance(50) ? 1.2 : 0.6;
}

lab_schedule::~lab_schedule() = default;

std::filesystem::path lab_schedule::fastest_place() {
    std::filesystem::path const memory{"/dev/shm"};
    std::error_code ignored;
    return std::filesystem::is_directory(memory, ignored) ? memory
                                                          : std::filesystem::temp_directory_path();
}

std::vector<simulated_model> lab_schedule::random_models() {
    std::vector<simulated_model> models;
    auto const count = number(1, 3);
    for (int i = 0; i < count; ++i) {
        simulated_model one;
        one.key = fmt::format("model-{}", i + 1);
        one.size = number(1, 20) * gigabyte / 2;
        one.max_context = std::int64_t{1024} << number(1, 6);
        one.bytes_per_token = number(0, 8) * 40'000;
        one.default_context = std::min<std::int64_t>(one.max_context, 4096);
        if (chance(15)) {
            one.type = registry::model_type::embedding;
            one.bytes_per_token = 0;
        } else if (chance(25)) {
            one.fault = static_cast<machine_fault>(number(1, 5));
        }
        models.push_back(std::move(one));
    }
    return models;
}

void lab_schedule::trace(std::string const& text) {
    if (tracing_)
        std::cerr << time_.elapsed().count() << " ms: " << text << '\n';
}

void lab_schedule::breach(std::string text) {
    breaches_.push_back(std::move(text));
}

void lab_schedule::disturb() {
    auto const model = one_of(machine_.models());
    auto& instances = machine_.instances();
    switch (number(1, 9)) {
    case 1:
    case 2: {
        bool const by_request = chance(50);
        follow_ids();
        trace((by_request ? "a request loads " : "others load ") + model.key);
        if (machine_.others_load(model.key, model.default_context, by_request) && !by_request)
            manual_[machine_.instances().back().id] = model.key;
        break;
    }
    case 3:
        if (!instances.empty()) {
            auto const id = instances.front().id;
            trace("others unload " + id);
            follow_ids();
            manual_.erase(id);
            machine_.others_unload(id);
        }
        break;
    case 4:
    case 5:
        if (!instances.empty())
            machine_.use(instances.back().id, span(1'000, 100'000));
        break;
    case 6:
        trace("the host goes down");
        manual_.clear();
        machine_.go_down(span(100, 200'000));
        break;
    case 7:
        trace("a request comes");
        if (lease_)
            lease_->request(model.key);
        break;
    case 8:
        trace("^C");
        if (running_)
            running_->stop();
        break;
    case 9:
        trace("the lab is killed");
        machine_.kill();
        break;
    default:
        break;
    }
}

void lab_schedule::plan_events(bool disturbed) {
    ++generation_;
    if (!disturbed)
        return;
    auto const count = number(1, 12);
    for (int i = 0; i < count; ++i) {
        auto const at = span(0, 120'000);
        time_.after(at, [this, of = generation_] {
            if (of == generation_ && running_)
                disturb();
        });
    }
}

bool lab_schedule::run_once(bool disturbed) {
    machine_.revive();
    follow_ids();
    auto store = std::make_unique<registry::store>(folder_.path() / "registry.db",
                                                   registry::store::access::write);
    listener narrator{*this};
    request_lease lease{io_};
    lab::test_order order;
    order.rules.yes = true;
    order.rules.boot = "boot";
    order.rules.quiet = 5s;
    order.limits.load = 60s;
    order.limits.wait = 120s;
    order.search.thoroughness = lab::thoroughness::normal;
    order.program = "test";
    registry::host host;
    host.name = "default";
    host.url = "http://127.0.0.1:1234";
    host.id = store->keep(host);
    lab::runner runner{machine_, *store, lease, narrator, host, order};
    running_ = &runner;
    lease_ = &lease;
    bool ended = false;
    bool died = false;
    auto whole = [&]() -> net::task<void> {
        try {
            auto const end = co_await runner.run();
            trace(fmt::format("the run ends with {}", static_cast<int>(end)));
        } catch (killed const&) {
            died = true;
        }
        ended = true;
    };
    plan_events(disturbed);
    net::spawn(whole());
    static_cast<void>(time_.pass_until([&] { return ended; }, longest_run));
    running_ = nullptr;
    lease_ = nullptr;
    if (ended && !died && lease.somebody_waits())
        breach("a request waits though the lab has ended");
    return ended;
}

// What was acknowledged stays.
void lab_schedule::remember_probes() {
    registry::store const store{folder_.path() / "registry.db", registry::store::access::read};
    std::map<std::int64_t, std::string> now;
    for (auto const& host : store.hosts())
        for (auto const& model : store.models(host.id))
            for (auto const& probe : store.probes(model.id))
                now[probe.id] = std::string{to_string(probe.outcome)};
    for (auto const& [id, before] : probes_) {
        auto const found = now.find(id);
        if (found == now.end())
            breach(fmt::format("probe {} is gone", id));
        else if (before != "running" && found->second != before)
            breach(fmt::format("probe {} was {} and is {}", id, before, found->second));
    }
    probes_ = std::move(now);
}

bool lab_schedule::run() {
    auto const disturbed = static_cast<std::size_t>(number(0, 3));
    for (std::size_t i = 0; i < disturbed; ++i) {
        bool const ended = run_once(true);
        if (!ended)
            return false;
        remember_probes();
    }
    // Others are done. What they loaded is idle by now, unless it is theirs.
    ++generation_;
    time_.pass(milliseconds{std::chrono::hours{1}});
    // A model whose probes said nothing too often is left for another run.
    for (std::size_t i = 0; i < most_runs; ++i) {
        bool const ended = run_once(false);
        if (!ended)
            return false;
        remember_probes();
    }
    check_end();
    return true;
}

// What the lab has loaded again for others may have another id.
void lab_schedule::follow_ids() {
    auto const is_there = [this](std::string const& id) {
        return std::ranges::any_of(machine_.instances(), [&](auto const& other) {
            return other.id == id && !other.of_lab;
        });
    };
    for (auto const& one : machine_.instances()) {
        if (one.of_lab || one.just_in_time || manual_.contains(one.id))
            continue;
        auto const gone = std::ranges::find_if(manual_, [&](auto const& each) {
            return each.second == one.model && !is_there(each.first);
        });
        if (gone != manual_.end()) {
            manual_.erase(gone);
            manual_[one.id] = one.model;
        }
    }
}

void lab_schedule::check_end() {
    bool const sticky = std::ranges::any_of(machine_.models(), [](auto const& each) {
        return each.fault == machine_fault::keeps_instance;
    });
    for (auto const& each : machine_.instances())
        if (each.of_lab && !sticky)
            breach(each.id + " of the lab is still loaded");
    // It may be loaded again under another id.
    std::map<std::string, int> by_hand;
    for (auto const& [id, model] : manual_)
        ++by_hand[model];
    for (auto const& each : by_hand) {
        auto const& model = each.first;
        auto const count = each.second;
        auto const left = std::ranges::count_if(machine_.instances(), [&](auto const& one) {
            return one.model == model && !one.of_lab && !one.just_in_time;
        });
        // What others have loaded since may be in the way; the lab has said so.
        if (left < count && !sticky && machine_.fits(model))
            breach(
                fmt::format("{} of {} were loaded by hand, and {} are left", count, model, left));
    }
    registry::store const store{folder_.path() / "registry.db", registry::store::access::read};
    for (auto const& host : store.overview())
        for (auto const& each : host.models) {
            auto const& models = machine_.models();
            auto const model = std::ranges::find(models, each.model.key, &simulated_model::key);
            auto const most = machine_.true_maximum(*model);
            auto const works = each.result ? each.result->works.value_or(0) : 0;
            if (model->type == registry::model_type::llm && works > most)
                breach(fmt::format("{} works up to {}, and {} is claimed", each.model.key, most,
                                   works));
        }
}

} // namespace secondwind::test
