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

// The coroutines that share it may outlive the server in the io_context. Each change of a member is
// followed by notify().
struct emulated_host {
    emulated_host(asio::any_io_executor executor, emulator::options o);
    emulated_host(emulated_host const&) = delete;
    emulated_host& operator=(emulated_host const&) = delete;

    void notify() { changed.notify(); }
    void report(event::kind type, std::string_view model, std::string_view text = {}) const;

    // Reserves memory for the model; nothing, and a reported refusal, if the guardrail refuses.
    std::optional<instance> begin_load(model const& m, load_reason reason,
                                       std::string const& id = {});
    bool finish_load(instance const& i); // false if it was cancelled in the meantime
    void cancel_load(instance const& i);
    bool unload(std::string const& id); // false if it isn't loaded
    usage usage_of(instance const& i) const;

    emulator::options options;
    store models;
    emulator::script script;
    counters counts;
    std::map<std::uint64_t, usage> usages; // by the serial of the instance
    std::vector<request> requests;
    std::function<void(event const&)> observer;
    std::uint64_t next_prediction = 1;
    bool stopping = false;
    signal changed;
};

// Takes the load time, and as long as the script holds loads. `begun` comes from begin_load().
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

    // Ends the processing of the prompt: the prediction now generates.
    void first_token();

private:
    std::shared_ptr<emulated_host> host_;
    std::uint64_t serial_;
    bool generating_ = false;
};

} // namespace secondwind::emulator
