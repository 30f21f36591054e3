// The computer that the emulated LM Studio runs on: its memory, what happens on it, and who
// watches.
#pragma once

#include <secondwind/emulator/options.hpp>
#include <secondwind/emulator/request.hpp>
#include <secondwind/emulator/script.hpp>
#include <secondwind/emulator/signal.hpp>
#include <secondwind/emulator/store.hpp>
#include <secondwind/emulator/usage.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::emulator {

struct counters {
    std::uint64_t requests = 0;                                // read whole
    std::uint64_t loads = 0;                                   // finished
    std::uint64_t refusals = 0;                                // by the guardrail
    std::map<std::string, std::uint64_t, std::less<>> unloads; // by instance id
    std::uint64_t generations_started = 0;
    std::uint64_t generations_finished = 0;
    std::uint64_t generations_aborted = 0;  // the client left
    std::uint64_t generations_unloaded = 0; // their instance was unloaded
    std::uint64_t generations_failed = 0;   // corrupt cache, or the script said so
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_open = 0;

    std::uint64_t generations_running() const noexcept {
        return generations_started - generations_finished - generations_aborted -
               generations_unloaded - generations_failed;
    }
};

// For whoever narrates.
struct event {
    enum class kind : std::uint8_t {
        load_started,
        loaded,
        load_refused, // text: the cause
        unloaded,
        generation_started,
        generation_finished, // text: what was said
        generation_aborted,
        generation_failed // text: the error
    };
    event::kind what;
    std::string model; // an instance id, or the key of what was refused
    std::string text;
};
std::string_view to_string(event::kind what) noexcept;

// Shared by the coroutines of all connections, which may outlive the server in the io_context.
// Nobody changes the members without notify().
struct machine {
    machine(asio::any_io_executor executor, options o)
        : how{std::move(o)}, models{how.memory_bytes, how.models}, told{[this] { notify(); }},
          changed{std::move(executor)} {}
    machine(machine const&) = delete;
    machine& operator=(machine const&) = delete;

    void notify() { changed.notify(); }
    void report(event::kind what, std::string_view model, std::string_view text = {}) const;

    // Reserves memory for the model. Nothing, and reported, if the guardrail refuses.
    std::optional<instance> begin_load(model const& m, load_reason why, std::string const& id = {});
    bool finish_load(instance const& i); // false if it was cancelled meanwhile
    void cancel_load(instance const& i);
    bool unload(std::string const& id); // false if it isn't loaded

    options how;
    store models;
    script told;
    counters counts;
    std::map<std::uint64_t, usage> used; // by the serial of the instance
    std::vector<request> requests;
    std::function<void(event const&)> observer;
    std::uint64_t next_prediction = 1;
    bool stopping = false;
    signal changed;
};

} // namespace secondwind::emulator
