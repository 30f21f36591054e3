#include "emulated_host.hpp"
#include "behaviour.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <iterator>

namespace secondwind::emulator {

namespace {

// A waiting coroutine may be destroyed with the io_context instead of being resumed.
class listed_timer {
public:
    listed_timer(std::list<asio::steady_timer*>& list, asio::steady_timer& timer)
        : list_{list}, entry_{list.insert(list.end(), &timer)} {}
    ~listed_timer() { list_.erase(entry_); }
    listed_timer(listed_timer const&) = delete;
    listed_timer& operator=(listed_timer const&) = delete;

private:
    std::list<asio::steady_timer*>& list_;
    std::list<asio::steady_timer*>::iterator entry_;
};

std::int64_t unix_milliseconds() {
    auto const since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

asio::awaitable<void> give_back_later(std::shared_ptr<emulated_host> host, std::uint64_t serial,
                                      std::chrono::milliseconds time) {
    auto stopping = [h = host.get()] { return h->stopping; };
    co_await host->changed.until(stopping, signal::clock::now() + time);
    auto released = [h = host.get()] { return h->stopping || !h->script.memory_held(); };
    co_await host->changed.until(released);
    host->models.give_back(serial);
    host->notify();
}

asio::awaitable<void> unload_later(std::shared_ptr<emulated_host> host, instance leaving,
                                   std::chrono::milliseconds time) {
    auto stopping = [h = host.get()] { return h->stopping; };
    co_await host->changed.until(stopping, signal::clock::now() + time);
    if (host->models.find_serial(leaving.serial) != nullptr)
        host->unload(leaving.id);
}

// Unloads an instance that nobody has used for so long.
asio::awaitable<void> unload_when_idle(std::shared_ptr<emulated_host> host, instance idle,
                                       std::chrono::milliseconds ttl) {
    auto* h = host.get();
    auto const serial = idle.serial;
    auto gone = [h, serial] { return h->stopping || h->models.find_serial(serial) == nullptr; };
    auto in_use = [h, idle] { return h->usage_of(idle).running > 0; };
    auto time_left = [h, serial, ttl] { return h->idle_since[serial] + ttl - h->now(); };
    auto unused = [gone, in_use] { return gone() || !in_use(); };
    auto changes = [gone, in_use, time_left] {
        return gone() || in_use() || time_left() <= signal::clock::duration::zero();
    };
    for (;;) {
        co_await h->changed.until(unused);
        co_await h->changed.until(changes, signal::clock::now() + time_left());
        bool const over = gone();
        if (over)
            co_return;
        if (!in_use() && time_left() <= signal::clock::duration::zero())
            break;
    }
    h->unload(idle.id);
}

// As long as a load takes, or a part of it, and as long as the script holds loads of the model.
asio::awaitable<void> take_load_time(std::shared_ptr<emulated_host> host, std::string key,
                                     std::chrono::milliseconds time,
                                     std::shared_ptr<presence const> client) {
    auto left = [h = host.get(), client] { return h->stopping || client->gone; };
    co_await host->changed.until(left, signal::clock::now() + time);
    auto released = [h = host.get(), left, key] { return !h->script.loads_held(key) || left(); };
    co_await host->changed.until(released);
}

} // namespace

void signal::notify() {
    for (auto* timer : waiting_)
        timer->cancel();
}

asio::awaitable<bool> signal::until(std::function<bool()> holds, clock::time_point limit) {
    asio::steady_timer timer{executor_};
    while (!holds()) {
        if (clock::now() >= limit)
            co_return false;
        timer.expires_at(limit);
        listed_timer const entry{waiting_, timer};
        co_await timer.async_wait(nothrow);
    }
    co_return true;
}

std::string_view to_string(event::kind type) noexcept {
    switch (type) {
    case event::kind::load_started:
        return "load_started";
    case event::kind::loaded:
        return "loaded";
    case event::kind::load_refused:
        return "load_refused";
    case event::kind::unloaded:
        return "unloaded";
    case event::kind::generation_started:
        return "generation_started";
    case event::kind::generation_finished:
        return "generation_finished";
    case event::kind::generation_aborted:
        return "generation_aborted";
    case event::kind::generation_failed:
        break;
    }
    return "generation_failed";
}

emulated_host::emulated_host(asio::any_io_executor executor, emulator::options o)
    : options{std::move(o)}, models{options.memory_bytes, options.models},
      script{[this] { notify(); }}, changed{std::move(executor)} {}

void emulated_host::report(event::kind type, std::string_view model, std::string_view text) const {
    if (observer)
        observer(event{type, std::string{model}, std::string{text}});
}

void emulated_host::log_prompt(instance const& i, std::string text) const {
    if (log_readers.empty())
        return;
    logged_prompt const prompt{unix_milliseconds(), i.id, i.key, std::move(text)};
    for (auto const& read : log_readers)
        read(prompt);
}

void emulated_host::evict_for(load_choice const& choice) {
    if (choice.reason != load_reason::just_in_time || !options.auto_evict)
        return;
    for (auto const& evicted : models.evict_just_in_time()) {
        ++counts.unloads[evicted];
        report(event::kind::unloaded, evicted);
    }
}

bool emulated_host::passes_guardrail(model const& m, load_choice const& choice) const {
    if (!options.guardrail || !choice.device.empty())
        return true;
    return models.has_room(estimated_bytes(m, models.context_of(m, choice)));
}

std::optional<instance> emulated_host::reserve(model const& m, load_choice const& choice) {
    auto begun = models.begin_load(m, choice);
    if (begun)
        report(event::kind::load_started, begun->id);
    notify();
    return begun;
}

void emulated_host::refuse_load(model const& m, std::string_view cause) {
    ++counts.refusals;
    report(event::kind::load_refused, m.key, cause);
    notify();
}

std::optional<instance> emulated_host::begin_load(model const& m, load_choice const& choice) {
    evict_for(choice);
    auto begun = passes_guardrail(m, choice) ? reserve(m, choice) : std::nullopt;
    if (!begun)
        refuse_load(m, refusal_of(m, choice));
    return begun;
}

std::string emulated_host::refusal_of(model const& m, load_choice const& choice) const {
    bool const by_engine = !options.guardrail && options.refusal != refusal_form::generic;
    return refusal_cause(by_engine ? refusal_form::engine : options.refusal,
                         estimated_bytes(m, models.context_of(m, choice)));
}

profile const* emulated_host::profile_of(instance const& i) const {
    auto const* m = models.find_model(i.key);
    return m != nullptr && m->profile ? &*m->profile : nullptr;
}

bool emulated_host::finish_load(instance const& i) {
    if (!models.finish_load(i.serial))
        return false;
    ++counts.loads;
    report(event::kind::loaded, i.id);
    idle_since[i.serial] = now();
    if (auto const ttl = time_to_live(i))
        asio::co_spawn(changed.executor(),
                       unload_when_idle(shared_from_this(), i, std::chrono::milliseconds{*ttl}),
                       rethrow);
    notify();
    return true;
}

void emulated_host::cancel_load(instance const& i) {
    models.cancel_load(i.serial);
    notify();
}

bool emulated_host::unload(std::string const& id) {
    auto const* target = models.find_instance(id);
    auto const serial = target != nullptr ? target->serial : 0;
    auto const* profile = target != nullptr ? profile_of(*target) : nullptr;
    auto const own = profile != nullptr ? profile->faults.memory_freed_after : options.release_time;
    auto const time = std::max(options.release_time, own);
    bool const late = time.count() > 0 || script.memory_held();
    if (!models.unload(id, late ? memory_return::later : memory_return::at_once))
        return false;
    if (late)
        asio::co_spawn(changed.executor(), give_back_later(shared_from_this(), serial, time),
                       rethrow);
    ++counts.unloads[id];
    report(event::kind::unloaded, id);
    notify();
    return true;
}

bool emulated_host::unload_for_client(instance const& i) {
    auto const* profile = profile_of(i);
    auto const fault = profile != nullptr ? profile->faults.unload : unload_fault::none;
    if (fault == unload_fault::stuck)
        return true;
    if (profile != nullptr && profile->faults.listed_after_unload.count() > 0)
        asio::co_spawn(changed.executor(),
                       unload_later(shared_from_this(), i, profile->faults.listed_after_unload),
                       rethrow);
    else
        unload(i.id);
    return fault == unload_fault::none;
}

void emulated_host::crash(instance const& i) {
    if (models.find_serial(i.serial) == nullptr)
        return;
    models.unload(i.id);
    report(event::kind::unloaded, i.id);
    notify();
}

usage emulated_host::usage_of(instance const& i) const {
    auto const found = usages.find(i.serial);
    return found == usages.end() ? usage{} : found->second;
}

asio::awaitable<load_attempt> start_load(std::shared_ptr<emulated_host> host, model m,
                                         load_choice choice,
                                         std::shared_ptr<presence const> client) {
    load_attempt attempt{std::nullopt, {}};
    host->evict_for(choice);
    if (host->passes_guardrail(m, choice)) {
        auto fault = m.profile ? m.profile->faults.load : load_fault::none;
        bool const is_sound = fault == load_fault::none;
        if (is_sound) {
            attempt.begun = host->reserve(m, choice);
            fault = m.profile ? m.profile->faults.beyond_memory : load_fault::fails;
        }
        if (!attempt.begun && fault == load_fault::hangs) {
            choice.hangs = true;
            attempt.begun = host->reserve(m, choice);
        }
        if (attempt.begun)
            co_return attempt;
        attempt.by_engine = true;
        // Without a guardrail, the engine's own words arrive.
        bool const told = is_sound && fault == load_fault::fails && !host->options.guardrail;
        attempt.cause = told ? host->refusal_of(m, choice) : std::string{cause_of(fault)};
        co_await take_load_time(host, m.key, host->options.load_time / 2, client);
    } else {
        attempt.cause = host->refusal_of(m, choice);
        attempt.by_engine = host->options.refusal == refusal_form::generic ||
                            host->options.refusal == refusal_form::engine;
    }
    if (!client->gone)
        host->refuse_load(m, attempt.cause);
    co_return attempt;
}

asio::awaitable<bool> await_load(std::shared_ptr<emulated_host> host, instance begun,
                                 std::shared_ptr<presence const> client) {
    co_await take_load_time(host, begun.key, host->options.load_time, client);
    auto left = [h = host.get(), client] { return h->stopping || client->gone; };
    if (begun.hangs)
        co_await host->changed.until(left);
    bool const loaded = !host->stopping && !client->gone && host->finish_load(begun);
    if (!loaded)
        host->cancel_load(begun);
    co_return loaded;
}

asio::awaitable<void> await_other_load(std::shared_ptr<emulated_host> host, std::uint64_t serial,
                                       std::shared_ptr<presence const> client) {
    auto over = [host = host.get(), serial, client] {
        auto const* other = host->models.find_serial(serial);
        return other == nullptr || other->state == instance_state::loaded || client->gone ||
               host->stopping;
    };
    co_await host->changed.until(over);
}

busy_mark::busy_mark(std::shared_ptr<emulated_host> host, std::uint64_t serial)
    : host_{std::move(host)}, serial_{serial} {
    auto& usage = host_->usages[serial_];
    ++usage.running;
    usage.last_used = unix_milliseconds();
    auto& queue = host_->queues[serial_];
    place_ = queue.insert(queue.end(), host_->next_place++);
}

busy_mark::~busy_mark() {
    auto& usage = host_->usages[serial_];
    --usage.running;
    if (generating_)
        --usage.generating;
    usage.last_used = unix_milliseconds();
    host_->idle_since[serial_] = host_->now();
    host_->queues[serial_].erase(place_);
    host_->notify();
}

bool busy_mark::is_served() const {
    auto const& queue = host_->queues.at(serial_);
    std::list<std::uint64_t>::const_iterator const mine = place_;
    return static_cast<std::size_t>(std::distance(queue.begin(), mine)) < host_->options.parallel;
}

void busy_mark::first_token() {
    if (generating_)
        return;
    generating_ = true;
    ++host_->usages[serial_].generating;
}

} // namespace secondwind::emulator
