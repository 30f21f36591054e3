// The record of recoveries.
#pragma once

#include <secondwind/policy/plan.hpp>
#include <secondwind/policy/verdict.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
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
    client_gone    // the client left before the replay
};
std::string_view to_string(outcome o) noexcept;

// Why a recovery began.
struct trigger {
    std::string request_id;
    std::string path;
    std::string model; // as the request names it; may be empty
    policy::verdict verdict = policy::verdict::healthy;
    std::string message; // LM Studio's own words
};

struct unload_record {
    policy::instance instance;
    bool done = false;
    std::string why_not; // when not done
    std::chrono::microseconds took{};
};

struct record {
    std::uint64_t id = 0;
    std::string host;
    std::chrono::system_clock::time_point began;
    recovery::trigger trigger;
    policy::plan_reason reason = policy::plan_reason::not_curable;
    std::vector<unload_record> unloads;
    std::string why_not;              // what stopped it, if something did
    std::uint64_t joined = 0;         // exchanges that failed meanwhile and shared it
    std::chrono::microseconds took{}; // from its start until the replay could go out
    // What stopped the recovery itself: unload_failed or no_candidate; pending if nothing did.
    recovery::outcome acted = outcome::pending;
    // How it ended for the exchange that led it.
    recovery::outcome outcome = outcome::pending;

    std::size_t unloaded() const noexcept;
    // True if an exchange with this verdict may expect its replay to go better.
    bool cures(policy::verdict v, std::string_view model) const noexcept;
};

enum class step : std::uint8_t {
    began,
    listed,
    planned,
    unloading,
    unloaded,
    verified,
    finished,
    concluded
};
std::string_view to_string(step s) noexcept;

// A ring of the newest records. Each step of a recovery is logged as it happens and told to the
// listener, if there is one.
class ledger {
public:
    using listener = std::function<void(step, record const&)>;

    std::shared_ptr<record> open(std::string host, trigger why);
    void note(step s, record const& r);
    // The outcome for the exchange that led it.
    void conclude(record& r, outcome o);

    void listen(listener l) { listener_ = std::move(l); }
    std::deque<std::shared_ptr<record>> const& records() const noexcept { return records_; }

private:
    static constexpr std::size_t kept = 1000;

    std::deque<std::shared_ptr<record>> records_; // oldest first
    std::uint64_t next_id_ = 1;
    listener listener_;
};

} // namespace secondwind::recovery
