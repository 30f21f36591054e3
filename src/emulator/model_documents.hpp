// The documents in which LM Studio describes its models over HTTP. Pure.
#pragma once

#include "answer.hpp"
#include <secondwind/emulator/store.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace secondwind::emulator {

// GET /v1/models: all models with `jit`, else only the loaded ones.
json openai_list(store const& models, bool jit);

// GET /api/v0/models, the same rule; GET /api/v0/models/{model}, nothing if there is no such model.
json v0_list(store const& models, bool jit);
std::optional<json> v0_model(store const& models, std::string_view key);

// GET /api/v1/models, always all models. `parallel`: how many predictions an instance works on at
// once.
json v1_list(store const& models, std::size_t parallel);

// The answer of POST /api/v1/models/load; with the configuration if `parallel` is given, in which
// the context is what the load echoes.
json v1_loaded(instance const& loaded, double load_seconds,
               std::optional<std::size_t> parallel = std::nullopt);
// The answer of POST /api/v1/models/unload.
json v1_unloaded(std::string_view id);

} // namespace secondwind::emulator
