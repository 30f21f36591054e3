// Decides what a recovery unloads.
#pragma once

#include <secondwind/lmstudio/instance.hpp>
#include <secondwind/policy/verdict.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

// Which instances an eviction for memory may take.
enum class evict : std::uint8_t {
    idle,   // all that serve no request
    enough, // of those as many as the error asks for
    all     // every one, busy or not
};
std::string_view to_string(evict e) noexcept;

// The models that the exchanges in flight on a host name.
struct usage {
    std::vector<std::string> models; // as the requests name them: an instance id or a model key
    bool unknown = false;            // one of them names none: it may use any instance
    bool loading = false;            // one of them waits for the load of a model that is not loaded
};

// Moves the names of models that the host knows and has not loaded from `models` to `loading`:
// a request that names one waits for its load, and uses no instance yet. `wanted` is dropped
// without that, for the host has just refused to load it.
usage without_unloaded(usage in_use, std::vector<std::string> const& unloaded,
                       lmstudio::inventory const& loaded, std::string_view wanted = {});

// All that a plan depends on. The views must live as long as this.
struct plan_request {
    policy::verdict verdict = policy::verdict::other_error;
    std::string_view wanted{};  // the model that the request names; empty where it names none
    std::string_view message{}; // the error's text, for the gigabytes that it may name
    evict how = evict::idle;
    std::vector<std::string> const* pinned = nullptr; // globs on model keys and instance ids
    // Not before everything that may go can go: a smaller eviction did not help before.
    bool everything = false;
};

enum class plan_reason : std::uint8_t {
    unload,         // `victims` are to be unloaded
    nothing_loaded, // no other instance is loaded at all
    all_pinned,     // others are loaded, and all of them are pinned
    all_busy,       // there are candidates, but they serve requests, or are still being loaded
    not_curable     // the verdict asks for no unload
};
std::string_view to_string(plan_reason r) noexcept;

// What the plan does with one instance, and why.
enum class fate : std::uint8_t {
    taken,
    wanted,     // spared: the request needs it
    pinned,     // spared by recovery.pinned
    busy_here,  // spared: an exchange in flight here uses it
    busy_there, // spared: the host says that it is busy, with a request that did not come through
                // this proxy
    not_needed, // spared: the others are enough
    not_enough, // spared: known to be too little while the busy ones stay
    unrelated   // spared: another model's, which has nothing to do with a corrupt cache
};
std::string_view to_string(fate f) noexcept;

struct consideration {
    lmstudio::instance instance;
    policy::fate fate = fate::taken;
};

struct plan {
    plan_reason reason = plan_reason::not_curable;
    std::vector<lmstudio::instance> victims; // in the order in which they go
    std::vector<consideration> considered;   // every instance that is loaded, in the host's order
    // Once these are unloaded, nothing is left that any later plan could take.
    bool exhaustive = false;
};

// True if the glob ("*" any run, "?" one character, compared without case) matches the model key or
// the instance id.
bool is_pinned(lmstudio::instance const& candidate, std::vector<std::string> const& globs) noexcept;

// For a memory verdict, never one that is pinned, and of the wanted model only further instances
// (duplicates): the one that a request for it would use stays. Where `wanted` is empty and just one
// model is loaded, its first instance is the wanted one.
//  - evict::idle: all that no exchange in flight uses and that the host does not call busy.
//  - evict::enough: of these, in their order, until their sizes cover required_bytes(message); all
//  of
//    them where it names no figure.
//  - evict::all: busy ones as well.
// Duplicates (whose model stays loaded without them) go first, then the least recently used (those
// of unknown last use first), else in the host's order. A load in flight makes it all_busy where
// there is nothing else to take; with `everything` it always does, and so does one busy candidate.
// A name in `in_use` that fits no loaded instance counts as unknown, because LM Studio may serve it
// with any loaded model; but not `wanted` itself, which the host has tried to load.
//
// For cache_corruption and model_crash: every instance that `wanted` uses or that shares its model,
// busy or pinned or not, for they cannot answer any more; where `wanted` fits none and just one
// model is loaded, that one. Other verdicts unload nothing.
plan make_plan(plan_request const& request, lmstudio::inventory const& loaded, usage const& in_use);

} // namespace secondwind::policy
