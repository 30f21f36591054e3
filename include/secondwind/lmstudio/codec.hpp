// LM Studio's REST v1 documents, read and written. Pure.
#pragma once

#include <secondwind/lmstudio/instance.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lmstudio {

// A model that the host has and has not loaded.
struct model_on_disk {
    std::string key;
    std::uint64_t size_bytes = 0; // 0 where the host does not say
    bool operator==(model_on_disk const&) const = default;
};

struct models {
    lmstudio::inventory loaded;
    std::vector<model_on_disk> unloaded;
};

// `GET /api/v1/models`: {"models":[{"key","size_bytes","loaded_instances":[{"id"}]}]}. Nothing
// where the document has another shape: LM Studio before 0.4.0 answers 200 with an error object to
// paths that it does not know, so only the shape tells whether REST v1 exists. Single entries of
// another shape are skipped.
std::optional<models> parse_models(std::string_view json);

// The body of `POST /api/v1/models/unload`.
std::string unload_body(std::string_view instance_id);

enum class unload_result : std::uint8_t {
    unloaded,  // the answer bears the instance id
    not_found, // no such instance: as good as unloaded
    refused    // anything else
};
unload_result parse_unload(int status, std::string_view json, std::string_view instance_id);

} // namespace secondwind::lmstudio
