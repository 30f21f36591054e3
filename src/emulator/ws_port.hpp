// What LM Studio does with the messages of one WebSocket.
#pragma once

#include "ws_calls.hpp"
#include "ws_channel.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::emulator {

// What it cannot place, such as a call of an unknown endpoint or with a parameter that LM Studio
// would refuse, only gets a communicationWarning, and after five warnings nothing
// (lmstudio-js: packages/lms-communication-server/src/ServerPort.ts).
class ws_port : public std::enable_shared_from_this<ws_port> {
public:
    ws_port(std::shared_ptr<emulated_host> host, std::shared_ptr<ws_connection> connection,
            ws_namespace space);

    void receive(std::string_view text);
    // Cancels everything that runs here.
    void disconnected();

private:
    void take(ws_rpc_call call);
    void take(ws_channel_create create);
    void take(ws_channel_send sent);
    void take(ws_channel_ack ack);
    void take(ws_subscribe subscribe);
    void take(ws_keep_alive);
    void take(ws_notice) {}

    // What runs in the new channel; nothing if its endpoint does not take that parameter.
    std::optional<asio::awaitable<void>> serve(std::optional<json> const& given,
                                               std::shared_ptr<ws_channel> channel);
    static asio::awaitable<void> run(std::shared_ptr<ws_port> self, std::int64_t channel,
                                     asio::awaitable<void> work);
    void warn(std::string_view text, std::string_view kind);

    std::shared_ptr<emulated_host> host_;
    std::shared_ptr<ws_connection> connection_;
    ws_namespace namespace_;
    std::shared_ptr<ws_calls> calls_;
    std::map<std::int64_t, std::shared_ptr<ws_channel>> channels_;
    int warnings_ = 0;
};

} // namespace secondwind::emulator
