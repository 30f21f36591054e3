// The first message of a client on the SDK's WebSocket, read. Pure.
#pragma once

#include <secondwind/lmstudio/ws_codec.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

// Nothing for any other message. (Its shape is that of auth_message().)
std::optional<credentials> read_admission(std::string_view message);

// The Authorization value that stands for these over HTTP: "Bearer sk-lm-...". Empty for a guest,
// whose identifier and passkey do not have the form of a token.
std::string authorization_of(credentials const& client);

} // namespace secondwind::lmstudio
