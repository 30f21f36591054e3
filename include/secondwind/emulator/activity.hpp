// What happens on an emulated host: totals, events, and the use of its instances. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace secondwind::emulator {

// Totals since the construction of the server, or its last reset().
struct counters {
    std::uint64_t requests = 0;                                // read completely
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

// What an instance is doing, as the SDK can ask.
struct usage {
    std::size_t running = 0;    // predictions that began and have not ended
    std::size_t generating = 0; // those of them that have produced a token
    std::int64_t last_used = 0; // milliseconds since 1970; 0: never
};

// One event, as an observer gets it.
struct event {
    enum class kind : std::uint8_t {
        load_started,
        loaded,
        load_refused, // text: the cause
        unloaded,
        generation_started,
        generation_finished, // text: the generated text
        generation_aborted,
        generation_failed // text: the error
    };
    event::kind type;
    std::string model; // an instance id, or the key of a model whose load was refused
    std::string text;
};
std::string_view to_string(event::kind type) noexcept;

} // namespace secondwind::emulator
