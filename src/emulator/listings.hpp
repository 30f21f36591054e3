// The documents that say which models there are and which are loaded. Pure.
#pragma once

#include "answer.hpp"
#include <secondwind/emulator/store.hpp>

#include <optional>
#include <string_view>

namespace secondwind::emulator {

// GET /v1/models: all models with `jit`, else only the loaded ones.
json openai_list(store const& models, bool jit);

// GET /api/v0/models, the same rule; GET /api/v0/models/{model}, nothing if there is no such model.
json v0_list(store const& models, bool jit);
std::optional<json> v0_model(store const& models, std::string_view key);

// GET /api/v1/models, always all models.
json v1_list(store const& models);

// The answer of POST /api/v1/models/load.
json v1_loaded(instance const& fresh, double load_seconds, bool echo_config);
// That of POST /api/v1/models/unload.
json v1_unloaded(std::string_view id);

} // namespace secondwind::emulator
