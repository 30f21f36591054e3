// An emulated LM Studio, and clients of its WebSocket protocol.
#pragma once

#include "support/emulator_fixture.hpp"
#include "support/ws_client.hpp"

#include <list>
#include <memory>
#include <string>
#include <vector>

namespace secondwind::test {

inline constexpr char const* cancel_channel =
    R"({"type":"channelSend","channelId":0,"message":{"type":"cancel"}})";

struct with_ws : with_emulator {
    with_ws();
    ~with_ws() override;

    asio::awaitable<ws_client*> opened(std::string path);
    asio::awaitable<ws_client*> admitted(std::string path);
    // Reads up to the end of the channel: the types of its packets, then "close" or "error".
    asio::awaitable<std::vector<std::string>> channel(ws_client* client);
    // The message that ended the channel.
    ws_client::json const& last() const { return *last_; }

    std::list<ws_client> sockets;

private:
    std::unique_ptr<ws_client::json> last_;
};

} // namespace secondwind::test
