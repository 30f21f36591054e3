// The parameters of the calls in LM Studio's WebSocket protocol. Pure.
//
// LM Studio checks their shapes with zod before anything else (lmstudio-js:
// packages/lms-external-backend-interfaces); like zod, these functions ignore unknown members.
#pragma once

#include "answer.hpp"
#include "ws_message.hpp"
#include <secondwind/emulator/store.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
    json config; // its fields
    // Those of them that the emulator knows.
    std::optional<std::uint64_t> context_length;
    std::optional<bool> flash_attention;
    std::optional<bool> kv_cache_on_gpu;
};

struct ws_prediction {
    ws_specifier specifier;
    json content;                       // a history, or a raw prompt
    std::optional<std::uint64_t> limit; // the config's maxPredictedTokens
    std::vector<std::string> tools;     // that the model may call, by name
    std::optional<json> schema;         // of the JSON that the answer has to be
};

// A text for a model: to embed, to divide into tokens.
struct ws_input {
    ws_specifier specifier;
    std::string text;
};

struct ws_template {
    ws_specifier specifier;
    json history;
};

struct ws_upload {
    std::string name;
    std::string content; // base64
};

struct ws_search {
    std::string term;
    std::size_t limit = 10;
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
std::optional<ws_prediction> parse_ws_complete(json const& parameter);
// `specifier_name` and `text_name` are its two members.
std::optional<ws_input> parse_ws_input(json const& parameter, char const* specifier_name,
                                       char const* text_name);
std::optional<ws_template> parse_ws_template(json const& parameter);
std::optional<ws_upload> parse_ws_upload(json const& parameter);
std::optional<ws_search> parse_ws_search(json const& parameter);
// The only packet that a client sends in a channel: {"type":"cancel"}, and for logs
// {"type":"stop"}.
bool ends_ws_channel(json const& packet, ws_channel_kind kind);

// The first loaded instance of that type that matches, or null.
instance const* find_specified(store const& models, ws_specifier const& specifier, model_type type);

// LM Studio's references are 24 random letters. These also tell a reloaded instance from the one
// before.
std::string instance_reference(instance const& i);

} // namespace secondwind::emulator
