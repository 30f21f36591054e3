#include "emulated_host.hpp"

#include <boost/asio/co_spawn.hpp>

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

asio::awaitable<void> give_back_later(std::shared_ptr<emulated_host> host, std::uint64_t serial) {
    auto stopping = [h = host.get()] { return h->stopping; };
    co_await host->changed.until(stopping, signal::clock::now() + host->options.release_time);
    auto released = [h = host.get()] { return h->stopping || !h->script.memory_held(); };
    co_await host->changed.until(released);
    host->models.give_back(serial);
    host->notify();
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

std::optional<instance> emulated_host::try_load(model const& m, load_choice const& choice) {
    if (choice.reason == load_reason::just_in_time && options.auto_evict) {
        for (auto const& evicted : models.evict_just_in_time()) {
            ++counts.unloads[evicted];
            report(event::kind::unloaded, evicted);
        }
    }
    auto begun = models.begin_load(m, choice);
    if (begun)
        report(event::kind::load_started, begun->id);
    notify();
    return begun;
}

void emulated_host::refuse_load(model const& m) {
    ++counts.refusals;
    report(event::kind::load_refused, m.key, refusal_of(m));
    notify();
}

std::optional<instance> emulated_host::begin_load(model const& m, load_choice const& choice) {
    auto begun = try_load(m, choice);
    if (!begun)
        refuse_load(m);
    return begun;
}

std::string emulated_host::refusal_of(model const& m) const {
    bool const by_engine = !options.guardrail && options.refusal != refusal_form::generic;
    return refusal_cause(by_engine ? refusal_form::engine : options.refusal, m.size_bytes);
}

bool emulated_host::finish_load(instance const& i) {
    if (!models.finish_load(i.serial))
        return false;
    ++counts.loads;
    report(event::kind::loaded, i.id);
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
    bool const late = options.release_time.count() > 0 || script.memory_held();
    if (!models.unload(id, late ? memory_return::later : memory_return::at_once))
        return false;
    if (late)
        asio::co_spawn(changed.executor(), give_back_later(shared_from_this(), serial), rethrow);
    ++counts.unloads[id];
    report(event::kind::unloaded, id);
    notify();
    return true;
}

usage emulated_host::usage_of(instance const& i) const {
    auto const found = usages.find(i.serial);
    return found == usages.end() ? usage{} : found->second;
}

asio::awaitable<std::optional<instance>> start_load(std::shared_ptr<emulated_host> host, model m,
                                                    load_choice choice,
                                                    std::shared_ptr<presence const> client) {
    auto begun = host->try_load(m, choice);
    if (begun)
        co_return begun;
    if (!host->options.guardrail)
        co_await take_load_time(host, m.key, host->options.load_time / 2, client);
    if (!client->gone)
        host->refuse_load(m);
    co_return std::nullopt;
}

asio::awaitable<bool> await_load(std::shared_ptr<emulated_host> host, instance begun,
                                 std::shared_ptr<presence const> client) {
    co_await take_load_time(host, begun.key, host->options.load_time, client);
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
