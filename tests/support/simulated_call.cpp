// How the simulated host serves a request.
#include "support/simulated_host.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace secondwind::test {

using policy::verdict;

simulated_host::call::call(simulated_host& host, wish wanted, bool fresh)
    : host_{host}, wish_{std::move(wanted)}, fresh_{fresh}, number_{++host.numbers_},
      changed_{host.io_} {
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
    changed_.open();
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
        then.give({true, false, {v, message}});
        then.end();
    });
}

void simulated_host::begin(call& c) {
    bool const dead = !c.fresh_ && strikes(fault::dead_connection);
    if (down_ || dead) {
        later(c, vary(takes.error), [dead](call& then) {
            then.give({false, dead, {}});
            then.end();
        });
    } else if (c.wish_.bad) {
        fail(c, verdict::other_error, "'messages' must be an array");
    } else {
        want(c);
    }
}

void simulated_host::want(call& c) {
    auto const& name = c.wish_.model;
    if (auto const* const serves = serving(name)) {
        serve(c, *find_number(serves->number));
        return;
    }
    auto const* const known = find_model(name);
    if (known == nullptr) {
        fail(c, verdict::other_error,
             instances_.empty() ? "No models loaded." : "Multiple models are loaded.");
    } else if (loads_.contains(name)) {
        c.waits_for_load_ = true;
    } else if (used() + known->size > memory_) {
        refuse(c, *known);
    } else {
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
    later(c, c.wish_.first_byte, [this](call& then) {
        then.give({true, false, {}});
        later(then, then.wish_.rest, [](call& at_last) { at_last.end(); });
    });
}

void simulated_host::begin_load(call& c, model const& m) {
    on_load(m.key);
    c.waits_for_load_ = true;
    auto const number = ++numbers_;
    loads_.emplace(m.key, load_in_progress{number, m.size});
    time_.after(vary(takes.load), [this, key = m.key, number] { end_load(key, number); });
}

void simulated_host::end_load(std::string const& key, std::uint64_t number) {
    auto const found = loads_.find(key);
    if (found == loads_.end() || found->second.number != number)
        return;
    loads_.erase(found);
    bool const aborted = strikes(fault::load_aborts);
    if (!aborted)
        add(*find_model(key));
    auto const all = calls_;
    for (auto const& [n, c] : all) {
        if (!c->waits_for_load_ || c->wish_.model != key)
            continue;
        c->waits_for_load_ = false;
        if (aborted)
            fail(*c, verdict::suspected_memory, "Engine protocol startup was aborted.");
        else
            want(*c);
    }
}

void simulated_host::refuse(call& c, model const& m) {
    c.blockers_.assign(instances_.begin(), instances_.end());
    c.blocking_loads_ = loading();
    if (strikes(fault::suspected))
        return fail(
            c, verdict::suspected_memory,
            fmt::format("Failed to load model \"{}\". Error: Failed to load model.", m.key));
    auto const figure =
        m.says_size ? fmt::format("requires approximately {}.00 GB of memory, and ", m.size) : "";
    fail(c, verdict::insufficient_memory,
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
    if (c.waits_for_load_ && std::ranges::none_of(calls_, [&c](auto const& other) {
            return other.second->waits_for_load_ && other.second->wish_.model == c.wish_.model;
        }))
        loads_.erase(c.wish_.model);
    c.waits_for_load_ = false;
    if (auto const* const i = on ? find_number(*on) : nullptr;
        i != nullptr && strikes(fault::late_stop))
        occupy(i->id, c.wish_.first_byte);
}

} // namespace secondwind::test
