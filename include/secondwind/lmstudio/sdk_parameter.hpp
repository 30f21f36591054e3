// Which model an operation of the SDK's WebSocket uses. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

// What the message that opens an operation says of its model. At most one of the two is there.
struct sdk_model {
    // The `identifier` of getOrLoad, the `modelKey` of loadModel, or what a query asks for: its
    // `identifier`, or else its `path`. At most longest_model_name bytes.
    std::string name{};
    // The `instanceReference` by which a handle names its instance.
    std::string reference{};
    bool operator==(sdk_model const&) const = default;
};

// Reads no more of the message than it needs; both are empty where it names no model.
sdk_model read_sdk_model(std::string_view message);

// The message with another reference in the place of the one that read_sdk_model() finds, and all
// else as it was. Empty where there is none, or one that is written with escapes.
std::string with_reference(std::string_view message, std::string_view reference);

// The identifier in the parameter of unloadModel; empty where there is none.
std::string read_unloaded(std::string_view message);

} // namespace secondwind::lmstudio
