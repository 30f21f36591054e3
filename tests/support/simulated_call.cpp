// How the simulated host serves a request.
#include "support/simulated_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace secondwind::test {

using policy::verdict;

simulated_host::call::call(simulated_host& host, wish wanted, bool fresh)
    : host_{host}, wish_{std::move(wanted)}, fresh_{fresh}, number_{++host.numbers_},
      changed_{host.io_} {
    if (host_.calls_.empty())
        host_.busy_since_ = virtual_time::now();
    host_.calls_.emplace(number_, this);
    host_.begin(*this);
}

net::task<simulated_host::answer> simulated_host::call::head() {
    if (!head_) {
        net::gate::waiter waiting{changed_};
        co_await waiting;
    }
    co_return head_.value_or(answer{});
}

net::task<void> simulated_host::call::rest() {
    if (!ended_) {
        net::gate::waiter waiting{changed_};
        co_await waiting;
    }
}

void simulated_host::call::cancel() {
    host_.leave(*this);
}

void simulated_host::call::give(answer a) {
    head_ = std::move(a);
    changed_.open();
}

void simulated_host::call::end() {
    ended_ = true;
    host_.calls_.erase(number_);
    if (host_.calls_.empty())
        host_.counts.busy +=
            std::chrono::duration_cast<milliseconds>(virtual_time::now() - host_.busy_since_);
    changed_.open();
    if (!on_)
        return;
    if (auto* const served = host_.find_number(*on_))
        served->served = virtual_time::now();
    host_.serve_next(*on_);
}

void simulated_host::later(call& c, milliseconds span, std::function<void(call&)> event) {
    time_.after(span, [this, number = c.number_, event = std::move(event)] {
        auto const found = calls_.find(number);
        if (found != calls_.end())
            event(*found->second);
    });
}

void simulated_host::fail(call& c, verdict v, std::string message) {
    later(c, vary(takes.error), [v, message = std::move(message)](call& then) {
        then.give({.came = true, .judged = {v, message}});
        then.end();
    });
}

void simulated_host::begin(call& c) {
    bool const dead = !c.fresh_ && strikes(fault::dead_connection);
    if (down_ || dead) {
        counts.unreached += down_;
        later(c, vary(takes.error), [dead, unreached = down_](call& then) {
            then.give({.dead_connection = dead, .unreached = unreached});
            then.end();
        });
    } else if (hangs_) {
        unheard_.push_back(c.number_);
    } else {
        accept(c);
    }
}

void simulated_host::accept(call& c) {
    if (c.wish_.bad)
        fail(c, verdict::other_error, "'messages' must be an array");
    else if (!c.wish_.continues.empty() && !stores(c.wish_.continues))
        fail(c, verdict::other_error, "previous_response_not_found");
    else
        want(c);
}

void simulated_host::want(call& c) {
    auto const& name = c.wish_.model;
    if (auto const* const serves = serving(name, c.wish_.kind)) {
        serve(c, *find_number(serves->number));
        return;
    }
    auto const* const known = find_model(name);
    if (c.wish_.handle) {
        fail(c, verdict::other_error, "No model found that fits the query");
    } else if (known == nullptr) {
        fail(c, verdict::other_error,
             instances_.empty() ? "No models loaded." : "Multiple models are loaded.");
    } else if (auto const load = std::ranges::find_if(
                   loads_, [&name](auto const& l) { return l.second.model == name; });
               load != loads_.end() && !duplicates) {
        c.load_ = load->first;
    } else {
        if (auto_evict)
            evict_for(name);
        if (guardrail && known->size > available())
            refuse(c, *known);
        else
            begin_load(c, *known);
    }
}

void simulated_host::serve(call& c, instance& on) {
    on.last_used = time_.elapsed().count() + 1;
    if (on.dying)
        return fail(c, verdict::unloaded_in_flight, "Model is unloaded.");
    if (on.corrupt)
        return fail(c, verdict::cache_corruption,
                    "Unable to reuse from cache: llama_memory is null");
    if (on.crashed)
        return fail(c, verdict::model_crash, "The model has crashed.");
    c.on_ = on.number;
    auto const served = std::ranges::count_if(calls_, [&on](auto const& each) {
        return each.second->on_ == on.number && !each.second->queued_;
    });
    c.queued_ = slots > 0 && static_cast<std::size_t>(served) > slots;
    if (!c.queued_)
        generate(c);
}

bool simulated_host::keep_prompt(call const& c) {
    auto const one = c.wish_.conversation;
    auto& all = find_number(*c.on_)->prompts;
    bool const kept = std::erase(all, one) > 0;
    all.push_front(one);
    all.resize(std::min(all.size(), prompts));
    return kept;
}

std::size_t simulated_host::generating() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        calls_, [](auto const& each) { return each.second->on_ && !each.second->queued_; }));
}

void simulated_host::generate(call& c) {
    auto const others = company > 0 ? static_cast<double>(generating() - 1) : 0;
    auto const slowed = [factor = (1 + company * others) / speed](milliseconds m) {
        return std::chrono::round<milliseconds>(factor * m);
    };
    auto first_byte = c.wish_.first_byte;
    if (c.wish_.conversation != 0 && keep_prompt(c))
        first_byte -= c.wish_.kept;
    later(c, slowed(first_byte), [this, rest = slowed(c.wish_.rest)](call& then) {
        then.give({.came = true});
        later(then, rest, [this](call& at_last) {
            if (!at_last.wish_.response.empty())
                responses_.insert(at_last.wish_.response);
            if (!at_last.wish_.tool)
                return at_last.end();
            at_last.wish_.tool([this, number = at_last.number_] {
                if (auto const found = calls_.find(number); found != calls_.end())
                    found->second->end();
            });
        });
    });
}

void simulated_host::serve_next(std::uint64_t number) {
    auto const next = std::ranges::find_if(calls_, [number](auto const& each) {
        return each.second->on_ == number && each.second->queued_;
    });
    if (next == calls_.end())
        return;
    next->second->queued_ = false;
    generate(*next->second);
}

void simulated_host::begin_load(call& c, model const& m) {
    on_load(m.key);
    ++counts.loads;
    counts.duplicates +=
        std::ranges::any_of(loads_, [&m](auto const& each) { return each.second.model == m.key; });
    auto const number = ++numbers_;
    c.load_ = number;
    auto const span = vary(takes.load + takes.load_unit * static_cast<int>(m.file_size()));
    auto const taken = std::min(m.size, available());
    loads_.emplace(number, load_in_progress{m.key, taken});
    if (taken == m.size)
        time_.after(span, [this, number] { end_load(number); });
    else
        time_.after(span / 2, [this, number, span] { go_on_loading(number, span - span / 2); });
}

void simulated_host::go_on_loading(std::uint64_t number, milliseconds rest) {
    auto const found = loads_.find(number);
    if (found == loads_.end())
        return;
    auto const* const m = find_model(found->second.model);
    if (m->size - found->second.taken <= available()) {
        found->second.taken = m->size;
        time_.after(rest, [this, number] { end_load(number); });
        return;
    }
    loads_.erase(found);
    --counts.loads;
    each_awaiting(number, [this, m](call& c) { refuse(c, *m); });
}

void simulated_host::end_load(std::uint64_t number) {
    auto const found = loads_.find(number);
    if (found == loads_.end())
        return;
    auto const* const m = find_model(found->second.model);
    loads_.erase(found);
    bool const aborted = strikes(fault::load_aborts);
    if (!aborted) {
        auto& fresh = add(*m);
        fresh.jit = true;
        on_event("loaded: " + fresh.id);
    }
    each_awaiting(number, [this, aborted](call& c) {
        if (aborted)
            fail(c, verdict::suspected_memory, "Engine protocol startup was aborted.");
        else
            want(c);
    });
}

// LM Studio's "Only Keep Last JIT Loaded Model".
void simulated_host::evict_for(std::string const& key) {
    std::vector<std::string> others;
    for (auto const& i : instances_)
        if (i.jit && !i.dying)
            others.push_back(i.id);
    for (auto const& id : others)
        drop(id);
    abort_loads(key);
}

void simulated_host::abort_loads(std::string const& except) {
    auto const loads = loads_;
    for (auto const& [number, l] : loads) {
        if (l.model == except)
            continue;
        loads_.erase(number);
        on_event("load aborted: " + l.model);
        each_awaiting(number,
                      [this](call& c) { fail(c, verdict::unloaded_in_flight, "Model unloaded."); });
    }
}

void simulated_host::each_awaiting(std::uint64_t number, std::function<void(call&)> event) {
    auto const all = calls_;
    for (auto const& [n, c] : all) {
        if (c->load_ != number)
            continue;
        c->load_.reset();
        event(*c);
    }
}

void simulated_host::refuse(call& c, model const& m) {
    ++counts.refusals;
    on_event("refused: " + m.key);
    c.blockers_.assign(instances_.begin(), instances_.end());
    c.blocking_loads_ = loading();
    bool const unclear = strikes(fault::suspected);
    on_refusal(m.key, unclear ? verdict::suspected_memory : refusal);
    if (unclear)
        return fail(
            c, verdict::suspected_memory,
            fmt::format("Failed to load model \"{}\". Error: Failed to load model.", m.key));
    if (!guardrail)
        return fail(
            c, refusal,
            fmt::format("Failed to load model \"{}\". Error: unable to allocate CUDA0 buffer",
                        m.key));
    auto const gigabytes = static_cast<double>(m.size * unit) / 1e9;
    auto const figure =
        m.says_size ? fmt::format("requires approximately {:.2f} GB of memory, and ", gigabytes)
                    : "";
    fail(c, refusal,
         fmt::format("Model loading was stopped due to insufficient system resources. This model "
                     "{}continuing to load it would likely overload your system.",
                     figure));
}

// Whoever leaves frees the host at once, as a rule; a prompt that is being processed is processed
// to its end.
void simulated_host::leave(call& c) {
    if (c.ended_)
        return;
    auto const on = c.on_;
    c.end();
    auto const load = std::exchange(c.load_, std::nullopt);
    if (load && std::ranges::none_of(
                    calls_, [&](auto const& other) { return other.second->load_ == load; }))
        loads_.erase(*load);
    if (auto const* const i = on ? find_number(*on) : nullptr;
        i != nullptr && strikes(fault::late_stop))
        occupy(i->id, c.wish_.first_byte);
}

} // namespace secondwind::test
