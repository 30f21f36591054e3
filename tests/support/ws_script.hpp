// A host's WebSockets whose every message a test scripts.
#pragma once

#include <secondwind/emulator/options.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace secondwind::test {

// What was seen of the client of one WebSocket.
struct ws_record {
    std::vector<std::string> messages;
    int closed_with = 0; // the code of its close frame, once that has come
};

// What one WebSocket does.
struct ws_play {
    // Answers the handshake; or else not a byte ever comes.
    bool accepts = true;
    // To each message in turn; the first one is the client's introduction. None are left: silence.
    std::vector<std::vector<std::string>> answers;
    // Resets the connection when the message after the last answer has come.
    bool cuts = false;
    std::shared_ptr<ws_record> record;
};

// By path; a path that is not there is like one that does not accept. To be an emulator's
// options.on_upgrade.
emulator::upgrade_handler ws_script(std::map<std::string, ws_play> plays);

// The answer to an introduction.
inline std::vector<std::string> admitted() {
    return {R"({"success":true})"};
}

} // namespace secondwind::test
