// The models of an LM Studio server, loaded and not, and which of them a request's model name
// means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lmstudio {

// What the host itself says that an instance is doing.
enum class activity : std::uint8_t {
    unknown, // it does not say
    idle,
    busy // it processes a prompt, generates, or has requests queued
};
std::string_view to_string(activity a) noexcept;

enum class model_kind : std::uint8_t {
    unknown, // the host does not say
    llm,     // language models, with or without vision
    embedding
};
constexpr std::size_t model_kinds = 3;

// One loaded copy of a model on a host.
struct instance {
    std::string id;    // what the unload call takes: the model key, "<key>:2", or a chosen name
    std::string model; // the model key
    std::uint64_t size_bytes = 0;  // 0 where the host does not say
    std::int64_t last_used_ms = 0; // since 1970 by the host's clock; 0 where it does not say
    activity doing = activity::unknown;
    model_kind kind = model_kind::unknown;
    bool jit = false;     // it has a time to live, as what a request has loaded has
    std::string device{}; // another machine that it is on (LM Link); empty for the host itself
    std::vector<std::string> variants{}; // further names of its model
    std::uint32_t parallel = 0; // requests that it serves at once; 0 where the host does not say
    bool operator==(instance const&) const = default;
};

using inventory = std::vector<instance>;

// A model that the host has and has not loaded.
struct model_on_disk {
    std::string key;
    std::uint64_t size_bytes = 0; // 0 where the host does not say
    model_kind kind = model_kind::unknown;
    std::vector<std::string> variants{}; // further names of it, as "google/gemma-3-12b@q4_k_m"
    bool operator==(model_on_disk const&) const = default;
};

struct models {
    inventory loaded;
    std::vector<model_on_disk> unloaded;
};

// What came of an unload call.
enum class unload_result : std::uint8_t {
    unloaded,  // the answer bears the instance id
    not_found, // no such instance: as good as unloaded
    refused    // anything else
};

// True if a request that names `name` uses this instance: by instance id if one is loaded under
// that id, else by model key.
bool uses(std::string_view name, instance const& candidate, inventory const& loaded) noexcept;

} // namespace secondwind::lmstudio
