// The documents in which LM Studio describes its models: over HTTP, and in the SDK's WebSocket
// protocol, with the errors that name models. Pure.
//
// Shapes of the WebSocket protocol: lmstudio-js, packages/lms-shared-types/src (ModelInfoBase.ts,
// Error.ts and others).
#pragma once

#include "answer.hpp"
#include "ws_parameters.hpp"
#include <secondwind/emulator/activity.hpp>
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

// An element of listDownloadedModels.
json ws_model_info(model const& m);
// An element of listLoaded.
json ws_instance_info(model const& m, instance const& i, usage const& usage);
// The configuration that an instance was loaded with.
json ws_load_config(instance const& i);
// The answer of getInstanceProcessingState.
json ws_processing_state(instance const& i, usage const& usage);

// The answer of estimateModelUsage: what a load with such a context would take.
json ws_estimate(model const& m, std::uint64_t context, bool passes);

// An error that has only a text.
json ws_error(std::string_view title);
// No loaded instance matches the specifier.
json ws_not_loaded(store const& models, ws_specifier const& specifier, model_type type);
// No model can be loaded by that key, or the model has the other type.
json ws_not_loadable(store const& models, std::string_view key, model_type type);

} // namespace secondwind::emulator
