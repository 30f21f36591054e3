// Who is connected over LM Studio's WebSocket protocol. Pure.
#pragma once

#include "ws_message.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace secondwind::emulator {

// First come, first served: whoever uses an identifier first sets its passkey, until its last
// connection is closed (lmstudio-js: packages/lms-communication-server/src/fcfsAuthenticator.ts).
class ws_clients {
public:
    // Nothing if the client may come in, else why not. Each that came in is released once.
    std::optional<std::string> admit(ws_credentials const& who);
    void release(std::string const& identifier);

private:
    struct entry {
        std::string passkey;
        std::size_t connections = 0;
    };
    std::map<std::string, entry> known_;
};

} // namespace secondwind::emulator
