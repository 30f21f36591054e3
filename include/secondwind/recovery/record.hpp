// One recovery: what it does now, and what is kept of it.
#pragma once

#include <secondwind/lmstudio/instance.hpp>
#include <secondwind/lmstudio/model_name.hpp>
#include <secondwind/policy/context_choice.hpp>
#include <secondwind/policy/plan.hpp>
#include <secondwind/policy/verdict.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::recovery {

// How a recovery ended for an exchange.
enum class outcome : std::uint8_t {
    pending,        // it still runs, or the replay does
    recovered,      // replayed, and the answer was no curable error
    replay_failed,  // replayed, and it failed again
    unload_failed,  // LM Studio refused or did not answer the inventory or an unload
    no_candidate,   // nothing that could be unloaded
    busy_timeout,   // everything that could be unloaded stayed busy for recovery.busy_wait
    futile,         // the model is known not to fit, so nothing was unloaded for it
    healed,         // unloaded after the answer had begun, for the next request
    not_replayable, // its body was not kept, so nothing was replayed
    client_gone,    // the client left before the replay
    observed        // recovery.mode is observe: all was decided, nothing done
};
std::string_view to_string(outcome o) noexcept;
std::optional<outcome> outcome_from_string(std::string_view name) noexcept;

// What a recovery is doing. docs/design.md has the table of how exchanges stand to it meanwhile.
enum class phase : std::uint8_t {
    listing,          // asks the host which models are loaded
    planning,         // asks which of them are busy, and decides what to unload
    waiting_for_idle, // until a busy instance is idle
    unloading,
    verifying, // lists again until the unloaded instances are not listed any more
    fitting,   // loads the model with a context that fits
    replaying, // the request was sent again, and its answer is awaited
    finished   // nothing more: those who await it go on
};

// What happens on the way, some of it more than once.
enum class step : std::uint8_t {
    began,
    listed,
    planned,
    waiting, // until a busy instance goes idle
    unloading,
    unloaded,
    verified,
    fitting,   // the model is being loaded with a context that fits
    fitted,    // and was, or was not
    replaying, // the request is sent again
    refused,   // and was refused again
    finished,
    concluded
};
std::string_view to_string(step s) noexcept;

// The cause of a recovery: the error of one exchange.
struct trigger {
    std::string request_id;
    std::string path;
    std::string endpoint{}; // of the operation of LM Studio's SDK; empty for a request
    std::string model;      // as the request names it; may be empty
    // What the host calls it in its error; empty where it does not.
    std::string named{};
    lmstudio::model_kind kind = lmstudio::model_kind::llm; // that the request needs
    // When the host first refused the request.
    std::chrono::steady_clock::time_point refused{};
    policy::verdict verdict = policy::verdict::healthy;
    std::string message;       // the text of LM Studio's error
    bool after_commit = false; // the answer had begun: no exchange awaits a replay
    policy::context_choice context = policy::context_choice::open;
    // All is decided, nothing is done, whatever recovery.mode says.
    bool observed = false;
};

struct unload_record {
    lmstudio::instance instance;
    bool done = false;
    std::string error; // when not done
    std::chrono::microseconds took{};
};

// An instance that was loaded again for a handle of LM Studio's SDK.
struct reload_record {
    std::string id;
    bool done = false;
    std::string error; // when not done
    std::chrono::microseconds took{};
};

// The outcome for one exchange.
struct replay_record {
    std::string request_id;
    recovery::outcome outcome = outcome::pending;
};

struct step_record {
    recovery::step step = step::began;
    std::chrono::microseconds at{}; // since the recovery began
};

struct record {
    std::uint64_t id = 0;
    std::string host;
    std::chrono::system_clock::time_point began;
    // The same moment for measuring: the other clock may be set meanwhile.
    std::chrono::steady_clock::time_point started;
    recovery::trigger trigger;
    policy::plan plan;
    std::vector<unload_record> unloads;
    std::vector<reload_record> reloads;
    std::vector<step_record> steps;   // in the order in which they happened
    std::string error;                // that stopped it; empty if none did
    std::chrono::microseconds took{}; // from its start to its end, replays included
    recovery::phase phase = recovery::phase::listing;
    // How the recovery itself ended, if not with the unloads that it had planned.
    recovery::outcome acted = outcome::pending;
    // How it ended for the exchange that led it.
    recovery::outcome outcome = outcome::pending;
    std::vector<replay_record> replays; // of all that awaited it, in the order in which they ended

    // The context with which the model was loaded for it, in tokens.
    std::optional<std::int64_t> context;
    std::uint64_t joined = 0;        // exchanges that failed meanwhile and shared it
    std::size_t awaiting = 0;        // exchanges whose outcome is open
    bool holds = false;              // recovery.mode is on, so an exchange waits for it
    bool led = true;                 // an exchange awaits its replay; false once that has left
    lmstudio::resolved_model wanted; // the model that it makes room for, by the last listing

    std::size_t unloaded() const noexcept;
    bool finished() const noexcept { return phase == recovery::phase::finished; }
    // No exchange would gain by its going on.
    bool abandoned() const noexcept { return !led && !trigger.after_commit; }
};

} // namespace secondwind::recovery
