#include "support/simulated_host.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace secondwind::test {

using policy::verdict;

namespace {

constexpr auto unloaded_text = "Model unloaded.";

std::uint64_t in_bytes(std::uint64_t gigabytes) {
    return gigabytes * 1'000'000'000;
}

} // namespace

// A recovery asks one thing after another; two at once would be two recoveries.
class simulated_host::one_at_a_time {
public:
    explicit one_at_a_time(simulated_host& host) : host_{host} {
        if (++host_.asking_ > 1)
            host_.on_breach("the host was asked two things at once");
    }
    one_at_a_time(one_at_a_time const&) = delete;
    one_at_a_time& operator=(one_at_a_time const&) = delete;
    ~one_at_a_time() { --host_.asking_; }

private:
    simulated_host& host_;
};

// What it lists is true at some moment of the call, and no longer at its end, perhaps.
net::task<recovery::control::listing> simulated_host::list(std::string) {
    one_at_a_time const only{*this};
    ++lists;
    virtual_time::sleep coming{time_, vary(takes.list) / 2};
    co_await coming;
    listing found;
    if (down_ || strikes(fault::list_fails)) {
        found.error = "no answer";
        found.reached = down_ ? recovery::contact::unreachable : recovery::contact::no_answer;
    } else {
        found.instances.emplace();
        found.reached = recovery::contact::answered;
        auto const size_of = [this](std::string const& key) {
            auto const* const m = find_model(key);
            return m->says_size ? in_bytes(m->size) : 0;
        };
        for (auto const& i : instances_)
            found.instances->push_back({i.id, i.model, size_of(i.model)});
        for (auto const& m : models_)
            if (std::ranges::find(instances_, m.key, &instance::model) == instances_.end())
                found.unloaded.push_back({m.key, size_of(m.key)});
    }
    virtual_time::sleep going{time_, vary(takes.list) / 2};
    co_await going;
    co_return found;
}

net::task<lmstudio::inventory> simulated_host::with_activity(lmstudio::inventory loaded,
                                                             std::string) {
    one_at_a_time const only{*this};
    reported_busy.emplace();
    virtual_time::sleep coming{time_, vary(takes.activity) / 2};
    co_await coming;
    for (auto& each : loaded) {
        auto const* const i = find(each.id);
        if (!tells_activity || down_ || i == nullptr)
            continue;
        bool const busy = i->foreign > 0 || generating(*i);
        each.doing = busy ? lmstudio::activity::busy : lmstudio::activity::idle;
        each.last_used_ms = i->last_used;
        if (busy)
            reported_busy->insert(i->id);
    }
    virtual_time::sleep going{time_, vary(takes.activity) / 2};
    co_await going;
    co_return loaded;
}

net::task<std::optional<std::string>> simulated_host::version() {
    co_return std::nullopt;
}

net::task<recovery::control::unloading> simulated_host::unload(std::string id, std::string) {
    one_at_a_time const only{*this};
    on_unload(id);
    virtual_time::sleep coming{time_, vary(takes.unload) / 2};
    co_await coming;
    unloading result;
    if (down_ || strikes(fault::unload_refused)) {
        result.error = "refused";
    } else if (find(id) == nullptr) {
        result.result = lmstudio::unload_result::not_found;
    } else {
        unloads.push_back(id);
        bool const unsure = strikes(fault::unload_unsure);
        drop(id);
        if (unsure)
            result.error = "an error after all";
        else
            result.result = lmstudio::unload_result::unloaded;
    }
    virtual_time::sleep going{time_, vary(takes.unload) / 2};
    co_await going;
    co_return result;
}

void simulated_host::load(std::string const& key) {
    add(*find_model(key));
}

simulated_host::instance& simulated_host::add(model const& m) {
    instance fresh;
    fresh.number = ++numbers_;
    fresh.model = m.key;
    fresh.size = m.size;
    fresh.last_used = time_.elapsed().count() + 1;
    auto const others = std::ranges::count(instances_, m.key, &instance::model);
    fresh.id = m.key;
    // A bare key that became free is not given to a further instance: it would be another one that
    // serves the requests which name it than the one which serves them already.
    for (auto n = others + 1; others > 0 && (n == others + 1 || find(fresh.id) != nullptr); ++n)
        fresh.id = fmt::format("{}:{}", m.key, n);
    return instances_.emplace_back(std::move(fresh));
}

void simulated_host::drop(std::string const& id) {
    auto const* const found = find(id);
    if (found == nullptr || found->dying)
        return;
    auto const number = found->number;
    cut(number, verdict::unloaded_in_flight, unloaded_text);
    auto const lingers = vary(takes.lingering);
    if (lingers <= milliseconds::zero()) {
        remove(number);
    } else {
        find_number(number)->dying = true;
        time_.after(lingers, [this, number] { remove(number); });
    }
}

void simulated_host::remove(std::uint64_t number) {
    if (auto const* const i = find_number(number); i != nullptr && i->foreign > 0)
        last_foreign_ = virtual_time::now();
    std::erase_if(instances_, [number](instance const& i) { return i.number == number; });
}

void simulated_host::corrupt(std::string const& id) {
    if (auto const* const i = find(id))
        find_number(i->number)->corrupt = true;
}

void simulated_host::crash(std::string const& id) {
    if (auto const* const i = find(id)) {
        find_number(i->number)->crashed = true;
        cut(i->number, verdict::model_crash,
            "The model has crashed without additional information.");
    }
}

void simulated_host::occupy(std::string const& id, milliseconds span) {
    auto const* const i = find(id);
    if (i == nullptr || i->dying)
        return;
    ++find_number(i->number)->foreign;
    time_.after(span, [this, number = i->number] {
        if (auto* const then = find_number(number)) {
            --then->foreign;
            last_foreign_ = virtual_time::now();
        }
    });
}

virtual_time::time_point simulated_host::last_foreign() const noexcept {
    bool const now = std::ranges::any_of(instances_, [](auto const& i) { return i.foreign > 0; });
    return now ? virtual_time::now() : last_foreign_;
}

// A process that ends: its connections break, and its models are gone.
void simulated_host::go_down() {
    last_foreign_ = last_foreign();
    down_ = true;
    loads_.clear();
    instances_.clear();
    auto const all = calls_;
    for (auto const& [number, c] : all)
        if (!c->ended_) {
            c->give({});
            c->end();
        }
}

void simulated_host::cut(std::uint64_t number, verdict v, std::string const& message) {
    auto const all = calls_;
    for (auto const& [n, c] : all)
        if (c->on_ == number && !c->ended_) {
            if (!c->head_)
                c->give({true, false, {v, message}});
            c->end();
        }
}

simulated_host::size_type simulated_host::used() const noexcept {
    size_type sum = 0;
    for (auto const& i : instances_)
        sum += i.size;
    for (auto const& [key, l] : loads_)
        sum += l.size;
    return sum;
}

simulated_host::model const* simulated_host::find_model(std::string const& key) const noexcept {
    auto const found = std::ranges::find(models_, key, &model::key);
    return found == models_.end() ? nullptr : &*found;
}

simulated_host::instance const* simulated_host::find(std::string const& id) const noexcept {
    auto const found = std::ranges::find(instances_, id, &instance::id);
    return found == instances_.end() ? nullptr : &*found;
}

simulated_host::instance* simulated_host::find_number(std::uint64_t number) noexcept {
    auto const found = std::ranges::find(instances_, number, &instance::number);
    return found == instances_.end() ? nullptr : &*found;
}

// LM Studio serves what names no model, or one that it does not know, with the only loaded one.
simulated_host::instance const* simulated_host::serving(std::string const& name) const noexcept {
    if (auto const* const by_id = find(name))
        return by_id;
    auto const by_model = std::ranges::find(instances_, name, &instance::model);
    if (by_model != instances_.end())
        return &*by_model;
    bool const one_only =
        !instances_.empty() && std::ranges::all_of(instances_, [this](instance const& i) {
            return i.model == instances_.front().model;
        });
    return find_model(name) == nullptr && one_only ? &instances_.front() : nullptr;
}

std::vector<std::string> simulated_host::loading() const {
    std::vector<std::string> keys;
    for (auto const& [key, l] : loads_)
        keys.push_back(key);
    return keys;
}

bool simulated_host::generating(instance const& on) const noexcept {
    return std::ranges::any_of(calls_, [&on](auto const& c) { return c.second->on_ == on.number; });
}

std::vector<std::string> simulated_host::ids() const {
    std::vector<std::string> all;
    for (auto const& i : instances_)
        all.push_back(i.id);
    return all;
}

} // namespace secondwind::test
