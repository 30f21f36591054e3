// Who may use the emulated host: bearers of its API token, and clients of its WebSockets. Pure.
#pragma once

#include "answer.hpp"
#include "ws_message.hpp"
#include <secondwind/emulator/request.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::emulator {

// The answer to a request without the required API token; nothing if the request may be served.
// `required` is "sk-lm-<8>:<20>", or empty if no token is required.
//
// The greeting never needs a token; /v1/messages also takes it as x-api-key. The answer repeats a
// wrong token in part, as LM Studio's does.
std::optional<answer> refuse_request(std::string_view required, request const& request);
// The error for a client of a WebSocket, whose identifier and passkey are the token's halves.
std::optional<std::string> refuse_client(std::string_view required,
                                         ws_credentials const& credentials);

// First come, first served: the first client with an identifier sets its passkey, until the last
// connection with that identifier is closed
// (lmstudio-js: packages/lms-communication-server/src/fcfsAuthenticator.ts).
class ws_clients {
public:
    // Nothing if the client is admitted, else the error. Each admitted client is released once.
    std::optional<std::string> admit(ws_credentials const& credentials);
    void release(std::string const& identifier);

private:
    struct entry {
        std::string passkey;
        std::size_t connections = 0;
    };
    std::map<std::string, entry> known_;
};

} // namespace secondwind::emulator
