#include "support/simulated_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace secondwind::test {

using policy::verdict;

namespace {

constexpr auto unloaded_text = "Model unloaded.";

} // namespace

// What it lists is true at some moment of the call, and no longer at its end, perhaps.
net::task<recovery::control::listing> simulated_host::list(std::string) {
    ++lists;
    virtual_time::sleep coming{time_, vary(takes.list) / 2};
    co_await coming;
    listing found;
    if (hangs_) {
        virtual_time::sleep waiting{time_, takes.patience};
        co_await waiting;
        found.error = "no answer";
        found.reached = recovery::contact::no_answer;
        co_return found;
    }
    if (down_ || strikes(fault::list_fails)) {
        found.error = "no answer";
        found.reached = down_ ? recovery::contact::unreachable : recovery::contact::no_answer;
    } else {
        found.instances.emplace();
        found.reached = recovery::contact::answered;
        auto const size_of = [this](std::string const& key) {
            auto const* const m = find_model(key);
            return m->says_size ? m->file_size() * unit : 0;
        };
        for (auto const& i : instances_) {
            if (virtual_time::now() - i.loaded < takes.unlisted)
                continue;
            auto& listed = found.instances->emplace_back();
            listed.id = i.id;
            listed.model = i.model;
            listed.size_bytes = size_of(i.model);
            listed.kind = find_model(i.model)->kind;
            listed.device = i.device;
        }
        for (auto const& m : models_) {
            if (!lists_unloaded ||
                std::ranges::find(*found.instances, m.key, &lmstudio::instance::model) !=
                    found.instances->end())
                continue;
            auto& listed = found.unloaded.emplace_back();
            listed.key = m.key;
            listed.size_bytes = size_of(m.key);
            listed.kind = m.kind;
        }
        if (listed_before_ && strikes(fault::list_stale))
            found = *listed_before_;
        else
            listed_before_ = found;
    }
    virtual_time::sleep going{time_, vary(takes.list) / 2};
    co_await going;
    co_return found;
}

net::task<lmstudio::inventory> simulated_host::with_activity(lmstudio::inventory loaded,
                                                             std::string) {
    std::set<std::string> busy_ones;
    virtual_time::sleep coming{time_, vary(takes.activity) / 2};
    co_await coming;
    for (auto& each : loaded) {
        auto const* const i = find(each.id);
        if (!tells_activity || down_ || hangs_ || i == nullptr)
            continue;
        bool const busy = i->foreign > 0 || generating(*i);
        each.doing = busy ? lmstudio::activity::busy : lmstudio::activity::idle;
        each.last_used_ms = i->last_used;
        each.jit = i->jit;
        if (busy)
            busy_ones.insert(i->id);
    }
    reported_busy = std::move(busy_ones);
    virtual_time::sleep going{time_, vary(takes.activity) / 2};
    co_await going;
    co_return loaded;
}

net::task<std::optional<std::string>> simulated_host::version() {
    co_return std::nullopt;
}

net::task<recovery::control::unloading> simulated_host::unload(std::string id, std::string) {
    // A recovery unloads one after another; two at once would be two recoveries.
    if (++unloading_ > 1)
        on_breach("two instances are unloaded at once");
    on_unload(id);
    virtual_time::sleep coming{time_, vary(takes.unload) / 2};
    co_await coming;
    unloading result;
    if (down_ || hangs_ || strikes(fault::unload_refused)) {
        result.error = "refused";
    } else if (find(id) == nullptr) {
        result.result = lmstudio::unload_result::not_found;
    } else {
        unloads.push_back(id);
        bool const unsure = strikes(fault::unload_unsure);
        auto const cut_before = counts.cut;
        drop(id);
        counts.cut_by_unload += counts.cut - cut_before;
        if (unsure)
            result.error = "an error after all";
        else
            result.result = lmstudio::unload_result::unloaded;
    }
    virtual_time::sleep going{time_, vary(takes.unload) / 2};
    co_await going;
    --unloading_;
    co_return result;
}

net::task<recovery::control::load_answer> simulated_host::load(std::string key,
                                                               std::int64_t context, std::string) {
    load_answer result;
    virtual_time::sleep coming{time_, vary(takes.load)};
    co_await coming;
    auto const size = size_when_fitted(key);
    if (down_ || !size || used() + *size > memory_) {
        result.error = "refused";
        co_return result;
    }
    fitted.emplace_back(key, context);
    auto& fresh = add(*find_model(key));
    fresh.size = *size;
    result.instance_id = fresh.id;
    co_return result;
}

net::task<recovery::control::references> simulated_host::list_references(std::string) {
    references result;
    virtual_time::sleep answering{time_, vary(takes.list)};
    co_await answering;
    if (down_) {
        result.error = "it is down";
        co_return result;
    }
    result.loaded.emplace();
    for (auto const& each : instances_) {
        lmstudio::listed_instance one;
        one.instance.id = each.id;
        one.instance.model = each.model;
        one.instance.kind = find_model(each.model)->kind;
        one.reference = std::to_string(each.number);
        if (!each.dying && each.device.empty())
            result.loaded->push_back(std::move(one));
    }
    co_return result;
}

net::task<recovery::control::description> simulated_host::describe(lmstudio::listed_instance loaded,
                                                                   std::string) {
    description result;
    auto& i = loaded.instance;
    if (down_)
        result.error = "it is down";
    else
        result.loaded_as = {i.id, i.model, i.kind, loaded.reference};
    co_return result;
}

// As a request loads it, and no other instance than the one that a request would load.
net::task<recovery::control::reload_answer>
simulated_host::load_again(lmstudio::load_description wanted, std::string, net::cancellation& by) {
    reload_answer result;
    auto const tell = [&result](instance const& there) {
        result.loaded.emplace();
        result.loaded->instance.id = there.id;
        result.loaded->instance.model = there.model;
        result.loaded->reference = std::to_string(there.number);
    };
    virtual_time::sleep asking{time_, vary(takes.list)};
    co_await asking;
    if (auto const* const there = find(wanted.id); there != nullptr && !there->dying && !down_) {
        tell(*there);
        co_return result;
    }
    wish asks{.model = wanted.model};
    asks.kind = wanted.kind;
    asks.first_byte = asks.rest = milliseconds::zero();
    call made{*this, asks, true};
    answer got;
    if (!by.requested()) {
        net::cancellation::action const given_up{by, [&made] { made.cancel(); }};
        got = co_await made.head();
    }
    auto const* const fresh = find(wanted.id);
    if (by.requested()) {
        result.cancelled = true;
    } else if (!got.came) {
        result.error = "the connection broke";
    } else if (got.judged.verdict != verdict::healthy || fresh == nullptr) {
        result.error = "refused";
        std::erase(got.judged.message, '"');
        result.refusal = R"({"type":"channelError","channelId":0,"error":{"title":")" +
                         got.judged.message + R"("}})";
    } else {
        tell(*fresh);
    }
    co_return result;
}

void simulated_host::load(std::string const& key, std::string const& identifier,
                          std::string const& device) {
    auto& fresh = add(*find_model(key));
    fresh.named = !identifier.empty();
    if (fresh.named)
        fresh.id = identifier;
    fresh.device = device;
}

simulated_host::instance& simulated_host::add(model const& m) {
    instance fresh;
    fresh.number = ++numbers_;
    fresh.model = m.key;
    fresh.size = m.size;
    fresh.last_used = time_.elapsed().count() + 1;
    fresh.loaded = changed_ = virtual_time::now();
    fresh.id = m.key;
    // An id that became free is not given to a further instance: it would be another one that
    // serves the requests which name it than the one which serves them already, and whoever has
    // unloaded the one would find the other listed.
    if (std::ranges::find(instances_, m.key, &instance::model) != instances_.end()) {
        auto& last = further_[m.key];
        fresh.id = fmt::format("{}:{}", m.key, last = std::max(last + 1, 2));
    }
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
    auto const* const i = find_number(number);
    if (i == nullptr)
        return;
    if (i->foreign > 0)
        last_foreign_ = virtual_time::now();
    changed_ = virtual_time::now();
    if (takes.release > milliseconds::zero() && i->device.empty()) {
        returning_ += i->size;
        time_.after(takes.release, [this, size = i->size] { returning_ -= size; });
    }
    std::erase_if(instances_, [number](instance const& each) { return each.number == number; });
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
    hangs_ = false;
    unheard_.clear();
    listed_before_.reset();
    loads_.clear();
    instances_.clear();
    changed_ = virtual_time::now();
    auto const all = calls_;
    for (auto const& [number, c] : all)
        if (!c->ended_) {
            c->broken_ = c->head_.has_value();
            c->give({});
            c->end();
        }
}

void simulated_host::go_on() {
    hangs_ = false;
    for (auto const number : std::exchange(unheard_, {}))
        if (auto const found = calls_.find(number); found != calls_.end())
            accept(*found->second);
}

void simulated_host::cut(std::uint64_t number, verdict v, std::string const& message) {
    auto const all = calls_;
    for (auto const& [n, c] : all)
        if (c->on_ == number && !c->ended_) {
            ++counts.cut;
            on_event(fmt::format("cut: a request for {}", c->wish_.model));
            if (!c->head_)
                c->give({.came = true, .judged = {v, message}});
            else
                c->cut_ = true;
            c->end();
        }
}

simulated_host::size_type simulated_host::used() const noexcept {
    size_type sum = returning_;
    for (auto const& i : instances_)
        sum += i.device.empty() ? i.size : 0;
    for (auto const& [number, l] : loads_)
        sum += l.taken;
    return sum;
}

simulated_host::size_type simulated_host::available() const noexcept {
    return memory_ - std::min(memory_, used());
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

// LM Studio serves what names no model, or one that it does not know, with the only loaded one of
// the kind that the route needs.
simulated_host::instance const* simulated_host::serving(std::string const& name,
                                                        lmstudio::model_kind kind) const noexcept {
    if (auto const* const by_id = find(name))
        return by_id;
    auto const by_model = std::ranges::find(instances_, name, &instance::model);
    if (by_model != instances_.end())
        return &*by_model;
    if (find_model(name) != nullptr)
        return nullptr;
    instance const* only = nullptr;
    for (auto const& i : instances_) {
        auto const its = find_model(i.model)->kind;
        using enum lmstudio::model_kind;
        if (its != kind && its != unknown && kind != unknown)
            continue;
        if (only != nullptr && only->model != i.model)
            return nullptr;
        only = only == nullptr ? &i : only;
    }
    return only;
}

std::map<std::string, std::size_t> simulated_host::requests_by_name() const {
    std::map<std::string, std::size_t> all;
    for (auto const& [number, each] : calls_)
        ++all[each->wish_.model];
    return all;
}

std::vector<std::string> simulated_host::loading() const {
    std::vector<std::string> keys;
    for (auto const& [number, l] : loads_)
        keys.push_back(l.model);
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
