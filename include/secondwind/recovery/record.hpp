// What is kept of one recovery.
#pragma once

#include <secondwind/lmstudio/instance.hpp>
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
    pending,       // it still runs, or the replay does
    recovered,     // replayed, and the answer was no curable error
    replay_failed, // replayed, and it failed again
    unload_failed, // LM Studio refused or did not answer the inventory or an unload
    no_candidate,  // nothing that could be unloaded
    busy_timeout,  // everything that could be unloaded stayed busy for recovery.busy_wait
    futile,        // the model is known not to fit, so nobody was unloaded for it
    healed,        // unloaded after the answer had begun, for the next request
    client_gone,   // the client left before the replay
    observed       // recovery.mode is observe: all was decided, nothing done
};
std::string_view to_string(outcome o) noexcept;
std::optional<outcome> outcome_from_string(std::string_view name) noexcept;

// What happens on the way, some of it more than once.
enum class step : std::uint8_t {
    began,
    listed,
    planned,
    waiting, // until a busy instance goes idle
    unloading,
    unloaded,
    verified,
    finished,
    concluded
};
std::string_view to_string(step s) noexcept;

// Why a recovery began.
struct trigger {
    std::string request_id;
    std::string path;
    std::string model; // as the request names it; may be empty
    policy::verdict verdict = policy::verdict::healthy;
    std::string message;       // LM Studio's own words
    bool after_commit = false; // the answer had begun: nobody awaits a replay
};

struct unload_record {
    lmstudio::instance instance;
    bool done = false;
    std::string why_not; // when not done
    std::chrono::microseconds took{};
};

// What came of it for one exchange.
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
    std::vector<step_record> steps;   // in the order in which they happened
    std::string why_not;              // what stopped it, if something did
    std::chrono::microseconds took{}; // from its start until the replays could go out
    // How the recovery itself ended, if not with the unloads that it had planned.
    recovery::outcome acted = outcome::pending;
    // How it ended for the exchange that led it.
    recovery::outcome outcome = outcome::pending;
    std::vector<replay_record> replays; // of all that awaited it, in the order in which they ended

    std::uint64_t joined = 0; // exchanges that failed meanwhile and shared it
    std::size_t awaiting = 0; // exchanges that have not yet said what came of it
    bool finished = false;    // its own work is over

    // For requests that name another model than the trigger did: the bytes that were freed beyond
    // its need, as far as both are known, and the models by which their needs are guessed.
    std::uint64_t room = 0;
    std::vector<lmstudio::model_on_disk> known_models;

    std::size_t unloaded() const noexcept;
    // The unloads are done, and all that is left is to replay.
    bool succeeded() const noexcept { return acted == outcome::pending && unloaded() > 0; }
    // Nobody would gain by its going on.
    bool abandoned() const noexcept { return awaiting == 0 && !trigger.after_commit; }
};

// What an exchange needs of a recovery.
struct need {
    policy::verdict verdict = policy::verdict::healthy;
    std::string model;
    std::string message;
};

// True if an exchange with that need may expect its replay to go better. One that needs memory for
// another model than the recovery was led for takes its share of `room`: without that, two models
// that do not fit together would be replayed side by side, and one of them in vain.
bool admit(record& r, need const& of);

// Sets `room` from what was unloaded and what the trigger itself needs.
void measure_room(record& r);

} // namespace secondwind::recovery
