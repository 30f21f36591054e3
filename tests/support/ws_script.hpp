// WebSockets of a host whose every message a test scripts.
#pragma once

#include <secondwind/emulator/options.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace secondwind::test {

// What the client of one WebSocket did.
struct ws_record {
    std::vector<std::string> messages;
    int closed_with = 0; // the code of its close frame, once it has arrived
};

// What one WebSocket does.
struct ws_play {
    // Answers the handshake; otherwise not a byte is ever sent.
    bool accepts = true;
    // For each message in turn; the first one has the client's credentials. Then silence.
    std::vector<std::vector<std::string>> answers;
    // Resets the connection when the message after the last answer arrives.
    bool cuts = false;
    std::shared_ptr<ws_record> record;
};

// By path; a missing path is like one that does not accept. Serves as options.on_upgrade.
emulator::upgrade_handler ws_script(std::map<std::string, ws_play> plays);

// The answer to the credentials.
inline std::vector<std::string> admitted() {
    return {R"({"success":true})"};
}

} // namespace secondwind::test
