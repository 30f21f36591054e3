// Judges the errors of the SDK's WebSocket.
#pragma once

#include <secondwind/lmstudio/sdk_prefix.hpp>
#include <secondwind/policy/classify.hpp>

#include <span>
#include <string_view>

namespace secondwind::policy {

// The judgement on a channelError or an rpcError of an operation of that endpoint; never healthy.
// As for HTTP (see judge_error()), but a load that failed without a cause is suspected_memory:
// here nothing else stands around LM Studio's text.
judgement judge_sdk_error(std::string_view message, lmstudio::sdk_endpoint endpoint,
                          std::span<rule const> rules = {});

} // namespace secondwind::policy
