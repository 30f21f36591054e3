// The rules that recovery had before it was given stages, reduced to what the mixes need: one
// recovery at a time, at which all requests wait; it evicts all idle models once, waits if there
// are none, and each request is replayed once.
#include "front.hpp"

#include <secondwind/net/timed_wait.hpp>
#include <secondwind/policy/memory_requirement.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <map>
#include <utility>

namespace secondwind::bench {

namespace {

using namespace std::chrono_literals;
using policy::verdict;
using std::chrono::milliseconds;
using test::simulated_host;
using test::virtual_time;

constexpr milliseconds first_pace = 50ms;
constexpr milliseconds slowest_pace = 1s;
constexpr auto busy_wait = 10min;
constexpr auto cooldown = 5min;

enum class outcome : std::uint8_t { pending, no_candidate, busy_timeout };

struct recovery_record {
    std::string model;
    verdict cause;
    std::string message;
    bool over = false;
    bool exhaustive = false;
    outcome acted = outcome::pending;
    lmstudio::inventory unloaded{};
    std::vector<lmstudio::model_on_disk> models{};
    std::uint64_t room = 0;
};

struct eviction_plan {
    lmstudio::inventory victims;
    bool wait = false;
    bool foreign = false; // the host says that one is busy, and no request here uses it
    bool exhaustive = false;
};

class first_rules final : public front {
public:
    explicit first_rules(surroundings around) : around_{std::move(around)} {}

    net::task<reply> serve(std::string id, test::wish asked) override;

private:
    // How the last replay came about.
    enum class replayed : std::uint8_t { no, as_leader, otherwise };
    struct request {
        std::string const& id;
        test::wish const& asked;
        std::uint64_t epoch = 0;
        replayed last = replayed::no;
        bool led_exhaustive = false;
    };

    bool running() const noexcept { return latest_ && !latest_->over; }
    net::task<void> wait_at_gate();
    net::task<bool> replay_after(request& r, policy::judgement judged);
    net::task<bool> share(request& r, policy::judgement judged, bool lead);
    bool admit(recovery_record& r, std::string const& model, policy::judgement const& judged);
    void remember(request const& r, verdict v);
    bool futile(std::string const& model) const;
    bool everything(std::string const& model) const;
    net::task<void> recover(std::shared_ptr<recovery_record> r);
    net::task<bool> free_memory(recovery_record& r);
    eviction_plan plan(recovery_record const& r, lmstudio::inventory const& loaded) const;
    void trace(std::string const& line) const {
        if (around_.trace)
            around_.trace(line);
    }

    struct failure {
        bool exhaustive = false;
        virtual_time::time_point until;
    };
    surroundings around_;
    net::gate gate_{around_.io};
    net::gate changed_{around_.io};
    std::list<std::string> in_flight_; // the models that are being used
    std::uint64_t epoch_ = 0;
    std::shared_ptr<recovery_record> latest_;
    std::map<std::string, failure> failures_;
};

net::task<void> first_rules::wait_at_gate() {
    net::gate::waiter waiting{gate_};
    co_await waiting;
}

net::task<reply> first_rules::serve(std::string id, test::wish asked) {
    while (running())
        co_await wait_at_gate();
    reply out;
    request r{id, asked};
    bool again = true;
    while (again) {
        r.epoch = epoch_;
        auto const use = in_flight_.insert(in_flight_.end(), asked.model);
        auto const release = [&] {
            in_flight_.erase(use);
            if (changed_.waiting() > 0)
                changed_.open();
        };
        simulated_host::call call{around_.host, asked};
        auto const answer = co_await call.head();
        remember(r, answer.judged.verdict);
        if (answer.judged.verdict == verdict::healthy) {
            out.first_byte = virtual_time::now();
            co_await call.rest();
            out.healthy = !call.cut();
            release();
            break;
        }
        release();
        again = co_await replay_after(r, answer.judged);
    }
    co_return out;
}

net::task<bool> first_rules::replay_after(request& r, policy::judgement judged) {
    if (r.last != replayed::no)
        co_return false;
    if (judged.verdict == verdict::unloaded_in_flight) {
        while (running())
            co_await wait_at_gate();
        r.last = replayed::otherwise;
        co_return true;
    }
    if (!policy::for_memory(judged.verdict))
        co_return false;
    bool const lead = !running();
    if (lead && epoch_ != r.epoch && admit(*latest_, r.asked.model, judged)) {
        r.last = replayed::otherwise;
        co_return true;
    }
    if (futile(r.asked.model))
        co_return false;
    bool const again = co_await share(r, std::move(judged), lead);
    co_return again;
}

net::task<bool> first_rules::share(request& r, policy::judgement judged, bool lead) {
    for (;;) {
        if (lead) {
            latest_ = std::make_shared<recovery_record>(
                recovery_record{r.asked.model, judged.verdict, judged.message});
            trace(fmt::format("{} leads", r.id));
            net::spawn(recover(latest_));
        }
        auto const met = latest_;
        if (!met->over)
            co_await wait_at_gate();
        if (admit(*met, r.asked.model, judged)) {
            r.last = lead ? replayed::as_leader : replayed::otherwise;
            r.led_exhaustive = met->exhaustive;
            co_return true;
        }
        bool const for_this = lead || (met->cause == judged.verdict && met->model == r.asked.model);
        if (for_this && met->acted == outcome::no_candidate && epoch_ != r.epoch) {
            r.last = lead ? replayed::as_leader : replayed::otherwise;
            r.led_exhaustive = met->exhaustive;
            co_return true;
        }
        if (for_this || met->acted == outcome::busy_timeout || futile(r.asked.model))
            co_return false;
        lead = !running();
    }
}

std::optional<std::uint64_t> bytes_for(recovery_record const& r, std::string const& model,
                                       std::string const& message) {
    if (auto const named = policy::required_bytes(message))
        return named;
    auto const found = std::ranges::find(r.models, model, &lmstudio::model_on_disk::key);
    return found == r.models.end() ? std::nullopt : policy::required_for_file(found->size_bytes);
}

bool first_rules::admit(recovery_record& r, std::string const& model,
                        policy::judgement const& judged) {
    if (r.acted != outcome::pending || r.unloaded.empty())
        return false;
    if (model == r.model)
        return true;
    auto const bytes = bytes_for(r, model, judged.message);
    if (!bytes || *bytes > r.room)
        return false;
    r.room -= *bytes;
    return true;
}

void first_rules::remember(request const& r, verdict v) {
    auto const now = virtual_time::now();
    std::erase_if(failures_, [now](auto const& f) { return f.second.until <= now; });
    if (v == verdict::healthy) {
        failures_.erase(r.asked.model);
    } else if (policy::for_memory(v) && r.last == replayed::as_leader) {
        auto& f = failures_[r.asked.model];
        f.exhaustive = f.exhaustive || r.led_exhaustive;
        f.until = now + cooldown;
    }
}

bool first_rules::futile(std::string const& model) const {
    auto const found = failures_.find(model);
    return found != failures_.end() && found->second.until > virtual_time::now() &&
           found->second.exhaustive;
}

bool first_rules::everything(std::string const& model) const {
    auto const found = failures_.find(model);
    return found != failures_.end() && found->second.until > virtual_time::now() &&
           !found->second.exhaustive;
}

net::task<void> first_rules::recover(std::shared_ptr<recovery_record> r) {
    bool const acted = co_await free_memory(*r);
    if (acted) {
        std::uint64_t freed = 0;
        for (auto const& each : r->unloaded)
            freed += each.size_bytes;
        auto const taken = bytes_for(*r, r->model, r->message);
        r->room = taken && *taken < freed ? freed - *taken : 0;
        ++epoch_;
    }
    trace(fmt::format("recovery for {} is over: unloaded {}", r->model, r->unloaded.size()));
    r->over = true;
    gate_.open();
}

// True if something was unloaded.
net::task<bool> first_rules::free_memory(recovery_record& r) {
    auto const until = virtual_time::now() + busy_wait;
    auto pace = first_pace;
    eviction_plan planned;
    for (;;) {
        auto listed = co_await around_.host.list({});
        auto loaded = std::move(*listed.instances);
        r.models = listed.unloaded;
        for (auto const& each : loaded)
            r.models.push_back({each.model, each.size_bytes});
        planned = plan(r, loaded);
        if (!planned.victims.empty()) {
            loaded = co_await around_.host.with_activity(std::move(loaded), {});
            planned = plan(r, loaded);
        }
        r.exhaustive = planned.exhaustive;
        if (!planned.wait)
            break;
        auto const left = std::chrono::ceil<milliseconds>(until - virtual_time::now());
        bool changed = false;
        if (left > 0ms) {
            net::timed_wait waiting{changed_, around_.time.deadlines(),
                                    planned.foreign ? std::min(pace, left) : left};
            pace = std::min(pace * 2, slowest_pace);
            changed = co_await waiting;
        }
        if (left <= 0ms || !(changed || planned.foreign)) {
            r.acted = outcome::busy_timeout;
            co_return false;
        }
    }
    if (planned.victims.empty()) {
        r.acted = outcome::no_candidate;
        co_return false;
    }
    for (auto const& victim : planned.victims) {
        co_await around_.host.unload(victim.id, {});
        r.unloaded.push_back(victim);
    }
    co_await around_.host.list({}); // to verify
    co_return true;
}

eviction_plan first_rules::plan(recovery_record const& r, lmstudio::inventory const& loaded) const {
    auto const uses = [&](std::string const& name, lmstudio::instance const& i) {
        bool const by_id = std::ranges::find(loaded, name, &lmstudio::instance::id) != loaded.end();
        return by_id ? i.id == name : i.model == name;
    };
    auto const used = [&](lmstudio::instance const& i) {
        return std::ranges::any_of(in_flight_,
                                   [&](std::string const& name) { return uses(name, i); });
    };
    bool const loading = std::ranges::any_of(in_flight_, [&](std::string const& name) {
        return name != r.model && std::ranges::none_of(loaded, [&](lmstudio::instance const& i) {
                   return uses(name, i);
               });
    });
    eviction_plan out;
    bool busy = false;
    bool others_stay = false;
    for (auto const& i : loaded) {
        if (uses(r.model, i))
            continue;
        bool const here = used(i);
        bool const there = !here && i.doing == lmstudio::activity::busy;
        busy = busy || here || there;
        out.foreign = out.foreign || there;
        if (here || there)
            others_stay = true;
        else
            out.victims.push_back(i);
    }
    std::ranges::stable_sort(out.victims, {}, &lmstudio::instance::last_used_ms);
    if (everything(r.model) && (busy || loading)) {
        others_stay = others_stay || !out.victims.empty();
        out.victims.clear();
    }
    out.wait = out.victims.empty() && (busy || loading);
    out.exhaustive = !loading && !others_stay;
    return out;
}

} // namespace

std::unique_ptr<front> make_first_rules(surroundings around) {
    return std::make_unique<first_rules>(std::move(around));
}

} // namespace secondwind::bench
