// What LM Studio's WebSocket protocol says of models, and in which form it says no. Pure.
//
// Shapes: lmstudio-js, packages/lms-shared-types/src (ModelInfoBase.ts, Error.ts and others).
#pragma once

#include "answer.hpp"
#include "ws_parameters.hpp"
#include <secondwind/emulator/store.hpp>
#include <secondwind/emulator/usage.hpp>

#include <string_view>

namespace secondwind::emulator {

// One of listDownloadedModels.
json ws_model_info(model const& m);
// One of listLoaded. `how` says when it was last used.
json ws_instance_info(model const& m, instance const& i, usage const& how);
// The configuration that an instance was loaded with.
json ws_load_config(instance const& i);
// The answer of getInstanceProcessingState.
json ws_processing_state(instance const& i, usage const& how);

// The message that a channel carries, so far with its type alone.
json ws_packet(char const* type);

// An error without more to it than its text.
json ws_error(std::string_view title);
// Nothing loaded is what was specified.
json ws_not_loaded(store const& models, ws_specifier const& which, model_type type);
// No model is there to be loaded under that key, or one of the other type is.
json ws_not_loadable(store const& models, std::string_view key, model_type type);

} // namespace secondwind::emulator
