// What a host that requires an API token says to whoever does not bear it. Pure.
#pragma once

#include "answer.hpp"
#include "ws_message.hpp"
#include <secondwind/emulator/request.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::emulator {

// `required` is "sk-lm-<8>:<20>", or empty where none is. Nothing if the client may come in.
//
// Only the greeting needs none; /v1/messages takes it as x-api-key as well. A wrong one is echoed
// in part, as LM Studio does.
std::optional<answer> refuse_request(std::string_view required, request const& what);
// The halves of the token are the identifier and the passkey of a WebSocket's client.
std::optional<std::string> refuse_client(std::string_view required, ws_credentials const& who);

} // namespace secondwind::emulator
