// Stacks of configurations in LM Studio's WebSocket protocol:
// {"layers":[{"layerName","config":{"fields":[{"key","value"}]}}]}. Pure.
//
// Where layers disagree, the last one counts (lmstudio-js: packages/lms-kv-config/src/KVConfig.ts).
#pragma once

#include "answer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::emulator {

// Null if there is no such member, or `object` is not an object.
json const* member_of(json const& object, char const* name);

// `stack` may be null.
bool is_config_stack(json const* stack);

// The following take a valid stack. All of its fields, each key once.
json fields_in(json const& stack);
// The value of the field whose key ends so, or null.
json const* value_in(json const& stack, std::string_view key_end);
std::optional<bool> switch_in(json const& stack, std::string_view key_end);
std::optional<std::uint64_t> positive_in(json const& stack, std::string_view key_end);
// The prediction's maxPredictedTokens, {"checked":true,"value":n}; an unchecked one does not count.
std::optional<std::uint64_t> limit_in(json const& stack);
// The names of the tools that a prediction may call, and the schema that its answer has to fit.
std::vector<std::string> offered_tools(json const& stack);
std::optional<json> wanted_schema(json const& stack);

} // namespace secondwind::emulator
