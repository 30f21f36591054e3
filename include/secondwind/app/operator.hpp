// The operator's verbs: clients of the admin listener of a secondwind that runs elsewhere.
#pragma once

#include <secondwind/app/admin_client.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::app {

struct operator_order {
    enum class verb : std::uint8_t { status, models, unload, events, health };

    verb what = verb::status;
    admin_address where;
    bool json = false;                     // print what the server says as it is
    bool once = false;                     // events: print the snapshot and end
    std::optional<std::string> host;       // unload: on that one; may be left out if there is one
    std::vector<std::string> instances;    // unload: those, or
    bool all = false;                      // unload: whatever is loaded
    bool yes = false;                      // unload: without asking
    std::chrono::milliseconds bound{5000}; // for the server to take a connection and answer
    // For an unload instead: the server does one after another, and bounds each itself
    // (recovery.unload_timeout).
    std::chrono::milliseconds unload_bound{600'000};
};

// What is around a verb: the process's own streams, or a test's.
struct surroundings {
    // Standard output. False if nobody reads it any more.
    std::function<bool(std::string_view text)> print;
    // Standard error: a sentence, without a line end.
    std::function<void(std::string_view sentence)> complain;
    // Asks and awaits a yes. Empty where there is no terminal to ask on.
    std::function<bool(std::string_view question)> ask;
    bool colours = false;
};

// Standard streams; colours only where standard output is a terminal that knows them and NO_COLOR
// is not set.
surroundings around_process();

// Does it, and returns the exit code: 0, 1 if it failed, 2 if something has to be said otherwise.
int operate(operator_order const& order, surroundings const& around);

// Why the answer is none that a verb can use, as a sentence with a next step.
std::string complaint_about(admin_address const& where, admin_answer const& answer);

} // namespace secondwind::app
