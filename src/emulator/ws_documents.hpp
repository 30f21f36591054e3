// What LM Studio says in the SDK's WebSocket protocol: models, instances, results, and errors.
// Pure.
//
// Shapes: lmstudio-js, packages/lms-shared-types/src (ModelInfoBase.ts, Error.ts,
// EstimatedResourcesUsage.ts, files/FileType.ts, repository/ModelSearch.ts and others) and
// packages/lms-external-backend-interfaces/src.
#pragma once

#include "answer.hpp"
#include "ws_parameters.hpp"
#include <secondwind/emulator/activity.hpp>
#include <secondwind/emulator/store.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::emulator {

// An element of listDownloadedModels.
json ws_model_info(model const& m);
// An element of listLoaded.
json ws_instance_info(model const& m, instance const& i, usage const& usage);
// The configuration that an instance was loaded with: what it got, and what else was asked for.
json ws_load_config(instance const& i);
// The answer of getInstanceProcessingState.
json ws_processing_state(instance const& i, usage const& usage);

// The answer of estimateModelUsage: what a load with such a context would take.
json ws_estimate(model const& m, std::uint64_t context, bool passes);

// The answers of tokenize and countTokens: four bytes are one token.
json ws_tokens(std::string_view text);
json ws_token_count(std::string_view text);
// The answer of applyPromptTemplate; `history` as checked by parse_ws_template().
json ws_formatted(json const& history);
// The answer of uploadFileBase64; `number` makes the identifier unique.
json ws_uploaded(std::string_view name, std::string_view base64, std::uint64_t number);
// The answer of searchModels: the models on the disk whose key has that text.
json ws_search_results(store const& models, std::string_view term, std::size_t limit);
// The packet of a prediction that has processed that part of a prompt of so many tokens. Clients
// before 2026 ignore its details; newer ones drop a packet without them.
json ws_prompt_progress(double part, std::uint64_t tokens);

// `display` is the error's displayData, or null for none.
json ws_error(std::string_view title, std::string_view cause = {}, json display = nullptr);
// Why a load was refused. The guardrail's words are the title; those of an engine are the cause of
// a general error (LM Studio's bug tracker, issues 927 and 1492).
json ws_load_failure(std::string_view cause, bool by_engine);
// A load asks for an identifier that another instance has. LM Studio's own words are not known.
json ws_in_use(std::string_view identifier);
// No loaded instance matches the specifier.
json ws_not_loaded(store const& models, ws_specifier const& specifier, model_type type);
// No model can be loaded by that key, or the model has the other type.
json ws_not_loadable(store const& models, std::string_view key, model_type type);

} // namespace secondwind::emulator
