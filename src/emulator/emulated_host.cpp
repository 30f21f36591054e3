#include "emulated_host.hpp"

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

std::optional<instance> emulated_host::begin_load(model const& m, load_reason reason,
                                                  std::string const& id) {
    if (reason == load_reason::just_in_time && options.auto_evict) {
        for (auto const& evicted : models.evict_just_in_time()) {
            ++counts.unloads[evicted];
            report(event::kind::unloaded, evicted);
        }
    }
    auto begun = models.begin_load(m, reason, id);
    if (begun) {
        report(event::kind::load_started, begun->id);
    } else {
        ++counts.refusals;
        report(event::kind::load_refused, m.key, refusal_cause(options.refusal, m.size_bytes));
    }
    notify();
    return begun;
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
    if (!models.unload(id))
        return false;
    ++counts.unloads[id];
    report(event::kind::unloaded, id);
    notify();
    return true;
}

usage emulated_host::usage_of(instance const& i) const {
    auto const found = usages.find(i.serial);
    return found == usages.end() ? usage{} : found->second;
}

asio::awaitable<bool> await_load(std::shared_ptr<emulated_host> host, instance begun,
                                 std::shared_ptr<presence const> client) {
    auto left = [host = host.get(), client] { return host->stopping || client->gone; };
    auto const finished = signal::clock::now() + host->options.load_time;
    co_await host->changed.until(left, finished);
    auto released = [host = host.get(), left] { return !host->script.loads_held() || left(); };
    co_await host->changed.until(released);

    bool const loaded = !left() && host->finish_load(begun);
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
}

busy_mark::~busy_mark() {
    auto& usage = host_->usages[serial_];
    --usage.running;
    if (generating_)
        --usage.generating;
    usage.last_used = unix_milliseconds();
    host_->notify();
}

void busy_mark::first_token() {
    if (generating_)
        return;
    generating_ = true;
    ++host_->usages[serial_].generating;
}

} // namespace secondwind::emulator
