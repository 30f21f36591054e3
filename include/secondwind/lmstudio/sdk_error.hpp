// The errors of the SDK's WebSocket. Pure.
#pragma once

#include <secondwind/lmstudio/error_message.hpp>
#include <secondwind/lmstudio/sdk_prefix.hpp>

#include <optional>
#include <string_view>

namespace secondwind::lmstudio {

// The error in a channelError or an rpcError; nothing where the message is neither. Its texts are
// its `title`, its `rootTitle` and its `cause`. Never its `stack`, `errorData` or `suggestion`,
// which repeat what a request or a model has said. That of a load has the type "model_load_failed",
// for over HTTP its text says so. (The shape is lmstudio-js's, packages/lms-shared-types/src/
// SerializedLMSExtendedError.ts.)
std::optional<error_report> read_sdk_error(std::string_view message, sdk_endpoint endpoint);

// It says that a load failed, and nothing of why.
bool tells_no_cause(error_report const& error);

} // namespace secondwind::lmstudio
