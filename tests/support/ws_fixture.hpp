// An emulated LM Studio, and clients of its WebSocket protocol.
#pragma once

#include "support/emulator_fixture.hpp"
#include "support/ws_client.hpp"

#include <list>
#include <string>
#include <vector>

namespace secondwind::test {

inline constexpr char const* cancel_channel =
    R"({"type":"channelSend","channelId":0,"message":{"type":"cancel"}})";

struct with_ws : with_emulator {
    asio::awaitable<ws_client*> opened(std::string path) {
        auto& fresh = sockets.emplace_back(io);
        co_await fresh.open(lm->port(), path);
        co_return &fresh;
    }
    asio::awaitable<ws_client*> admitted(std::string path) {
        auto* client = co_await opened(path);
        auto const said = co_await client->introduce("guest", "secret");
        EXPECT_EQ(said, ws_client::json::parse(R"({"success":true})"));
        co_return client;
    }
    // Reads up to the end of the channel: the types of its packets, then "close" or "error".
    asio::awaitable<std::vector<std::string>> channel(ws_client* client) {
        std::vector<std::string> types;
        for (bool open = true; open;) {
            last = co_await client->read();
            auto const type = last.is_object() ? last.value("type", "") : "nothing";
            open = type == "channelSend";
            types.push_back(open ? last["message"]["type"].get<std::string>() : type);
        }
        co_return types;
    }

    std::list<ws_client> sockets;
    ws_client::json last; // what ended the channel
};

} // namespace secondwind::test
