// The emulated host: its state, shared by the coroutines of all connections, and how they wait for
// it to change.
#pragma once

#include <secondwind/emulator/activity.hpp>
#include <secondwind/emulator/options.hpp>
#include <secondwind/emulator/request.hpp>
#include <secondwind/emulator/script.hpp>
#include <secondwind/emulator/store.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::emulator {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

// The completion of a spawned coroutine: io_context::run() throws what the coroutine threw, so that
// a bug cannot go unnoticed.
inline void rethrow(std::exception_ptr error) {
    if (error)
        std::rethrow_exception(error);
}

// A condition variable for the coroutines of one thread.
class signal {
public:
    using clock = std::chrono::steady_clock;

    explicit signal(asio::any_io_executor executor) : executor_{std::move(executor)} {}

    asio::any_io_executor const& executor() const noexcept { return executor_; }

    // Every waiting coroutine checks its condition again, from the io_context.
    void notify();

    // Completes with true as soon as `holds` returns true; it is called at once and after each
    // notify(). Completes with false if that has not happened by `limit`. Name the predicate before
    // the co_await: g++ 12 destroys a temporary lambda in that expression twice.
    asio::awaitable<bool> until(std::function<bool()> holds,
                                clock::time_point limit = clock::time_point::max());

private:
    asio::any_io_executor executor_;
    std::list<asio::steady_timer*> waiting_;
};

// Whether the client of a request is still there; shared with the coroutine that watches it.
struct presence {
    bool gone = false;
};

// The prompt of a prediction, as the host logs it.
struct logged_prompt {
    std::int64_t time_ms = 0; // since 1970
    std::string identifier;   // of the instance
    std::string key;          // of its model
    std::string text;
};

// How a load began, or why it did not. It has a constructor on purpose: see answer.
struct load_attempt {
    load_attempt(std::optional<instance> i, std::string c)
        : begun{std::move(i)}, cause{std::move(c)} {}

    std::optional<instance> begun; // nothing: it was refused or has failed, or the client has left
    std::string cause;             // as LM Studio words it, after "Error: "
    bool by_engine = false;        // the cause is an engine's, not the guardrail's
};

// The coroutines that share it may outlive the server in the io_context. Each change of a member is
// followed by notify().
struct emulated_host : std::enable_shared_from_this<emulated_host> {
    emulated_host(asio::any_io_executor executor, emulator::options o);
    emulated_host(emulated_host const&) = delete;
    emulated_host& operator=(emulated_host const&) = delete;

    void notify() { changed.notify(); }
    void report(event::kind type, std::string_view model, std::string_view text = {}) const;
    void log_prompt(instance const& i, std::string text) const;
    // By which times to live run out: a test can put it forward.
    std::chrono::steady_clock::time_point now() const noexcept {
        return std::chrono::steady_clock::now() + ahead;
    }

    // Unloads what "Only Keep Last JIT Loaded Model" unloads before such a load.
    void evict_for(load_choice const& choice);
    // Whether the guardrail lets such a load pass now; without one, it does.
    bool passes_guardrail(model const& m, load_choice const& choice) const;
    // Reserves memory; nothing if it does not fit.
    std::optional<instance> reserve(model const& m, load_choice const& choice);
    // Counts and reports a load that was refused or has failed.
    void refuse_load(model const& m, std::string_view cause);
    // All of it at once, without the faults of the model.
    std::optional<instance> begin_load(model const& m, load_choice const& choice);
    // Why a load was refused, or failed without the guardrail.
    std::string refusal_of(model const& m, load_choice const& choice) const;
    bool finish_load(instance const& i); // false if it was cancelled in the meantime
    void cancel_load(instance const& i);
    bool unload(std::string const& id); // false if it isn't loaded
    // What a client gets that unloads a loaded instance: false, and LM Studio says that there is no
    // such instance.
    bool unload_for_client(instance const& i);
    // The engine of an instance dies: it is gone.
    void crash(instance const& i);
    profile const* profile_of(instance const& i) const; // null: the model has none
    usage usage_of(instance const& i) const;

    emulator::options options;
    store models;
    emulator::script script;
    counters counts;
    std::map<std::uint64_t, usage> usages;                    // by the serial of the instance
    std::map<std::uint64_t, std::list<std::uint64_t>> queues; // the same: predictions, oldest first
    std::map<std::uint64_t, std::chrono::steady_clock::time_point> idle_since; // by now()
    std::chrono::milliseconds ahead{0};
    std::list<std::function<void(logged_prompt const&)>> log_readers;
    std::vector<request> requests;
    std::function<void(event const&)> observer;
    std::uint64_t next_prediction = options.first_answer;
    std::uint64_t next_place = 1;
    std::uint64_t next_upload = 1;
    bool stopping = false;
    signal changed;
};

// Begins a load. The guardrail refuses it at once; what gets past it fails after half the load
// time, or hangs, as the faults of the model say.
asio::awaitable<load_attempt> start_load(std::shared_ptr<emulated_host> host, model m,
                                         load_choice choice,
                                         std::shared_ptr<presence const> client);
// Takes the load time, and as long as the script holds loads. `begun` comes from start_load().
// False, and the memory is free again, if the client left or the server stops.
asio::awaitable<bool> await_load(std::shared_ptr<emulated_host> host, instance begun,
                                 std::shared_ptr<presence const> client);
// Completes when the load that another client began has ended in any way, or this client has left.
asio::awaitable<void> await_other_load(std::shared_ptr<emulated_host> host, std::uint64_t serial,
                                       std::shared_ptr<presence const> client);

// Marks an instance as busy with one prediction, as long as this object lives.
class busy_mark {
public:
    busy_mark(std::shared_ptr<emulated_host> host, std::uint64_t serial);
    ~busy_mark();
    busy_mark(busy_mark const&) = delete;
    busy_mark& operator=(busy_mark const&) = delete;

    // Whether the instance works on this prediction; until then, it is in the instance's queue.
    bool is_served() const;
    // Ends the processing of the prompt: the prediction now generates.
    void first_token();

private:
    std::shared_ptr<emulated_host> host_;
    std::uint64_t serial_;
    std::list<std::uint64_t>::iterator place_;
    bool generating_ = false;
};

} // namespace secondwind::emulator
