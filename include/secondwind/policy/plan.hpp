// Decides what a recovery unloads.
#pragma once

#include <secondwind/lmstudio/instance.hpp>
#include <secondwind/lmstudio/model_name.hpp>
#include <secondwind/policy/verdict.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

// Which instances an eviction for memory takes first (recovery.evict).
enum class evict : std::uint8_t {
    idle,   // all that serve no request
    enough, // of those as many as are missing, and only if that did not help, all of them
    all     // every one, busy or not
};
std::string_view to_string(evict e) noexcept;

// What becomes of instances with a name of their own, which no request can bring back under it.
enum class evict_named : std::uint8_t {
    never, // they are kept
    last   // they go after all others
};

// Whether a host is known to evict by itself what a request has loaded, even while it generates
// (LM Studio's "Only Keep Last JIT Loaded Model"): requests for other models then take turns.
enum class turns : std::uint8_t {
    automatic, // once the host was seen to do so
    on,
    off
};

// How far an eviction has escalated.
enum class stage : std::uint8_t {
    enough,         // as much as is missing, without crumbs if that comes near
    everything_idle // all that is idle, and what is busy as soon as it is idle
};

// One loaded instance, and what is known of its use.
struct loaded_instance {
    lmstudio::instance instance;
    bool used_here = false; // exchanges in flight use it
    bool named = false;     // a request has named this very instance
    bool resident = false;  // it was loaded a moment ago, and requests for it keep coming
    bool fitted = false;    // a recovery has loaded it, for a request that has ended by now
};

// All that a plan depends on. The views must live as long as this.
struct plan_request {
    policy::verdict verdict = policy::verdict::other_error;
    lmstudio::resolved_model wanted{};   // what the request needs
    std::optional<std::uint64_t> need{}; // bytes that the load takes, as far as they are known
    std::uint64_t size = 0;              // of the wanted model's file, else `need`, else 0
    policy::stage stage = policy::stage::everything_idle;
    policy::evict evict = policy::evict::enough;
    policy::evict_named evict_named = policy::evict_named::never;
    std::vector<std::string> const* pinned = nullptr; // globs on model keys and instance ids
    std::optional<std::uint64_t> most_loaded{};       // see memory_bounds
    std::optional<std::uint64_t> least_refused{};
    std::optional<std::uint64_t> least_refused_alone{};
    std::uint64_t loading = 0; // bytes of the models that requests in flight are loading
    bool load_in_flight = false;
    bool answers = false; // the wanted model answers other requests right now
};

enum class plan_reason : std::uint8_t {
    unload,         // `victims` are to be unloaded
    nothing_loaded, // no other instance is loaded at all
    all_pinned,     // others are loaded, and none of them may ever go
    all_busy,       // there are candidates, but they serve requests, or are still being loaded
    too_large,      // the model did not fit even with less loaded than would be left
    loaded,         // the wanted model is loaded by now, so its load need not be refused again
    not_curable     // the verdict asks for no unload
};
std::string_view to_string(plan_reason r) noexcept;

// What the plan does with one instance, and why.
enum class decision : std::uint8_t {
    unload,
    wanted,     // kept: the request needs it
    pinned,     // kept by recovery.pinned
    named,      // kept: it has a name of its own, which only its owner can bring back
    remote,     // kept: it is on another machine
    busy_here,  // kept: an exchange in flight here uses it
    busy_there, // kept: the host says that it is busy, with a request that did not come through
                // this proxy
    resident,   // kept: it was loaded a moment ago, and requests for it keep coming
    not_needed, // kept: the others are enough
    not_enough, // kept: known to be too little while the busy ones stay
    unrelated   // kept: another model's, which has nothing to do with a corrupt cache
};
std::string_view to_string(decision d) noexcept;

struct consideration {
    lmstudio::instance instance;
    policy::decision decision = policy::decision::unload;
};

struct plan {
    plan_reason reason = plan_reason::not_curable;
    std::vector<lmstudio::instance> victims; // in the order in which they go
    std::vector<consideration> considered;   // every instance that is loaded, in the host's order
    // The ids of what this stage would take to cover what is missing, busy or not.
    std::vector<std::string> targets;
    // Once the victims are unloaded, nothing is left that any later plan could take.
    bool exhaustive = false;
};

// True if the glob ("*" any run, "?" one character, compared without case) matches the model key or
// the instance id.
bool is_pinned(lmstudio::instance const& candidate, std::vector<std::string> const& globs) noexcept;

// True if the model is so small beside the need that unloading it alone never helps: less than a
// tenth.
bool is_crumb(std::uint64_t size, std::optional<std::uint64_t> need) noexcept;

// The bytes that must go so that the load may succeed; nothing where the need is not known. At
// least 1: the host has refused.
std::optional<std::uint64_t> missing_bytes(plan_request const& request,
                                           std::uint64_t loaded) noexcept;

// For a memory verdict, never one that is pinned, on another machine or the wanted model's; nor one
// with a name of its own, unless evict_named says so. Of the rest, those that are idle:
//  - stage::enough: in the order below as many as cover missing_bytes(); without crumbs, if the
//    others come to at least half of that. What was taken in vain beside a larger one stays.
//  - stage::everything_idle, evict::idle, or a need that is not known: all of them.
//  - evict::all: all of them and the busy ones.
// While something else is busy, crumbs alone never go, and nothing goes if what would stay and the
// wanted model come to least_refused: that is known to be too little. Nothing ever goes for a model
// that comes to least_refused_alone beside what never goes.
//
// Order: what a recovery has loaded with a context of its own, because LM Studio takes it for
// loaded by hand; then idle duplicates that no request names (their model stays loaded without
// them), then what requests have loaded, then what was loaded by hand; each the least recently used
// first.
//
// For cache_corruption and model_crash: every instance of the wanted model, busy or pinned or not,
// for they cannot answer any more; but a crash waits while the model still answers others. Other
// verdicts unload nothing.
plan make_plan(plan_request const& request, std::vector<loaded_instance> const& loaded);

// The instance that serves a request for that model; null if none is loaded.
lmstudio::instance const* serving(lmstudio::resolved_model const& wanted,
                                  lmstudio::inventory const& loaded) noexcept;

} // namespace secondwind::policy
