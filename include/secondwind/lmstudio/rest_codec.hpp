// LM Studio's REST v1 documents, read and written.
#pragma once

#include <secondwind/lmstudio/instance.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

// `GET /api/v1/models`: {"models":[{"key","type","size_bytes","variants","selected_variant",
// "loaded_instances":[{"id","remaining_ttl_seconds","config":{"parallel"}}]}]}, of which only the
// key and the instances with their ids are required. An instance with a remaining time to live
// counts as loaded by a request. Nothing where the document has another shape: LM Studio before
// 0.4.0 answers 200 with an error object to paths that it does not know, so only the shape tells
// whether REST v1 exists. Single entries of another shape are skipped.
std::optional<models> parse_models(std::string_view json);

// The body of `POST /api/v1/models/unload`.
std::string unload_body(std::string_view instance_id);

// The body of `POST /api/v1/models/load`. `ttl` is not documented for it, and does no harm where it
// is not known.
std::string load_body(std::string_view model, std::int64_t context, std::chrono::seconds ttl);

// The id in its answer {"status":"loaded","instance_id"}; empty if the answer is an error, which
// may have any status.
std::string loaded_instance_id(int status, std::string_view json);

unload_result parse_unload(int status, std::string_view json, std::string_view instance_id);

} // namespace secondwind::lmstudio
