// Loading an instance again as it was, over the SDK's WebSocket. Pure.
//
// The shapes are those of lmstudio-js:
// packages/lms-external-backend-interfaces/src/baseModelBackendInterface.ts.
#pragma once

#include <secondwind/lmstudio/instance.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

// How an instance was loaded, as far as the host tells.
struct load_description {
    std::string id;    // its identifier
    std::string model; // the model key
    model_kind kind = model_kind::unknown;
    std::string reference{};              // of the instance that was described; may be empty
    std::optional<std::int64_t> ttl_ms{}; // how long it stays idle; nothing: for ever
    std::string config{};                 // the result of getLoadConfig, a JSON object
    bool operator==(load_description const&) const = default;
};

// A description as a JSON object, to be kept, and read again; nothing where it is none.
std::string write_description(load_description const& one);
std::optional<load_description> read_description(std::string_view json);

// The parameter and the result of getLoadConfig; nothing for an error, or what is no configuration.
std::string load_config_parameter(std::string_view identifier, std::string_view reference);
std::optional<std::string> parse_load_config(std::string_view message);

// The parameter of loadModel that brings the instance back, under its own identifier: all of its
// configuration is an override, so that no default of the host counts.
std::string load_parameter(load_description const& wanted);

} // namespace secondwind::lmstudio
