// Decides what a recovery unloads.
#pragma once

#include <secondwind/policy/verdict.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

// One loaded copy of a model on a host.
struct instance {
    std::string id;    // what the unload call takes: the model key, "<key>:2", or a chosen name
    std::string model; // the model key
    std::uint64_t size_bytes = 0; // 0 where the host does not say
    bool operator==(instance const&) const = default;
};

using inventory = std::vector<instance>;

// Which instances an eviction for memory may take.
enum class evict : std::uint8_t {
    idle, // those that serve no request
    all   // every one, busy or not
};
std::string_view to_string(evict e) noexcept;

// The models that the exchanges in flight on a host name.
struct usage {
    std::vector<std::string> models; // as the requests name them: an instance id or a model key
    bool unknown = false;            // one of them names none: it may use any instance
};

enum class plan_reason : std::uint8_t {
    unload,         // `victims` are to be unloaded
    nothing_loaded, // no instance that could be taken is loaded at all
    all_busy,       // there are candidates, but each serves a request
    not_curable     // the verdict asks for no unload
};
std::string_view to_string(plan_reason r) noexcept;

// Without the names of models that the host knows and has not loaded: whoever named one waits for
// its load, and uses no instance.
usage without_unloaded(usage in_use, std::vector<std::string> const& unloaded,
                       inventory const& loaded);

struct plan {
    plan_reason reason = plan_reason::not_curable;
    std::vector<instance> victims; // in the order in which they go
};

// True if a request that names `name` uses this instance: by instance id if one is loaded under
// that id, else by model key.
bool uses(std::string_view name, instance const& candidate, inventory const& loaded) noexcept;

// For a memory verdict: every instance that `wanted` does not use and, with evict::idle, that no
// exchange in flight uses; duplicates (a model's further instances) first, else in the host's
// order. Where `wanted` is empty and just one model is loaded, its first instance is the wanted
// one. A name in `in_use` that fits no loaded instance counts as unknown, because LM Studio may
// serve it with any loaded model; but not `wanted` itself, which the host has tried to load.
//
// For cache_corruption: every instance that `wanted` uses or that shares its model, busy or not,
// for they cannot answer any more; where `wanted` fits none and just one model is loaded, that one.
// Other verdicts unload nothing.
plan make_plan(verdict v, std::string_view wanted, inventory const& loaded, usage const& in_use,
               evict how);

} // namespace secondwind::policy
