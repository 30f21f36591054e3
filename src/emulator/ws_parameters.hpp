// The parameters of the calls in LM Studio's WebSocket protocol. Pure.
//
// LM Studio checks their shapes with zod before anything else (lmstudio-js:
// packages/lms-external-backend-interfaces); like zod, these functions ignore unknown members.
#pragma once

#include "answer.hpp"
#include <secondwind/emulator/store.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace secondwind::emulator {

// Chooses a loaded instance: a particular one, or any that matches a query.
struct ws_specifier {
    std::string reference; // of the particular instance; empty for a query
    json query;            // as received, for the error that repeats it
};

struct ws_lookup {
    ws_specifier specifier;
    bool throws = false; // if nothing is found: an error, or else no result
};

struct ws_load {
    std::string key;        // of a model for loadModel, an identifier for getOrLoad
    std::string identifier; // of the new instance; empty: LM Studio chooses
    std::optional<std::int64_t> ttl_ms;
    // Of the configuration.
    std::optional<std::uint64_t> context_length;
    std::optional<bool> flash_attention;
    std::optional<bool> kv_cache_on_gpu;
};

struct ws_prediction {
    ws_specifier specifier;
    std::uint64_t prompt_tokens = 1;
    std::optional<std::uint64_t> limit; // the config's maxPredictedTokens
};

// Each returns nothing for a parameter that zod would refuse.
std::optional<std::string> parse_ws_unload(json const& parameter);
std::optional<ws_specifier> parse_ws_specified(json const& parameter);
std::optional<ws_lookup> parse_ws_lookup(json const& parameter);
std::optional<ws_load> parse_ws_load_model(json const& parameter);
std::optional<ws_load> parse_ws_get_or_load(json const& parameter);
// The model and the configuration of a load that is only to be estimated.
std::optional<ws_load> parse_ws_estimate(json const& parameter);
std::optional<ws_prediction> parse_ws_predict(json const& parameter);
// The only packet that a client sends in a channel: {"type":"cancel"}.
bool is_ws_cancel(json const& packet);

// The first loaded instance of that type that matches, or null.
instance const* find_specified(store const& models, ws_specifier const& specifier, model_type type);

// LM Studio's references are 24 random letters. These also tell a reloaded instance from the one
// before.
std::string instance_reference(instance const& i);

} // namespace secondwind::emulator
