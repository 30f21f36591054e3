// What the calls of LM Studio's WebSocket protocol take. Pure.
//
// The shapes are those that LM Studio checks with zod before anything else (lmstudio-js:
// packages/lms-external-backend-interfaces); unknown members are ignored, as by zod.
#pragma once

#include "answer.hpp"
#include <secondwind/emulator/store.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace secondwind::emulator {

// Which loaded instance is meant: one certain, or any that fits a query.
struct ws_specifier {
    std::string reference; // of one certain instance; empty for a query
    json query;            // as it came, for the error that repeats it
};

struct ws_lookup {
    ws_specifier of;
    bool throws = false; // where nothing is found: an error, or else no result
};

struct ws_load {
    std::string key;        // of a model for loadModel, an identifier for getOrLoad
    std::string identifier; // of the instance to be; empty: LM Studio chooses
};

struct ws_prediction {
    ws_specifier by;
    std::uint64_t prompt_tokens = 1;
    std::optional<std::uint64_t> limit; // the config's maxPredictedTokens
};

// Each gives nothing for a parameter that zod would refuse.
std::optional<std::string> parse_ws_unload(json const& parameter);
std::optional<ws_specifier> parse_ws_specified(json const& parameter);
std::optional<ws_lookup> parse_ws_lookup(json const& parameter);
std::optional<ws_load> parse_ws_load_model(json const& parameter);
std::optional<ws_load> parse_ws_get_or_load(json const& parameter);
std::optional<ws_prediction> parse_ws_predict(json const& parameter);
// The only packet that a client sends in a channel: {"type":"cancel"}.
bool is_ws_cancel(json const& packet);

// The loaded instance of that type that is meant, if there is one.
instance const* find_specified(store const& models, ws_specifier const& which, model_type type);

// LM Studio's are 24 random letters; these tell a reloaded instance from its predecessor as well.
std::string instance_reference(instance const& i);

} // namespace secondwind::emulator
