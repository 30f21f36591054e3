// What LM Studio does with the messages of one WebSocket.
#pragma once

#include "ws_channel.hpp"
#include "ws_message.hpp"
#include "ws_namespace.hpp"
#include "ws_peer.hpp"
#include <secondwind/emulator/machine.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::emulator {

// Calls are answered as they are done, not as they came. A call of what the namespace has not, or
// with a parameter that LM Studio would refuse, gets no answer but a communicationWarning, and from
// the sixth on not even that (lmstudio-js: packages/lms-communication-server/src/ServerPort.ts).
class ws_port : public std::enable_shared_from_this<ws_port> {
public:
    ws_port(std::shared_ptr<machine> m, std::shared_ptr<ws_peer> to, ws_namespace in);

    void receive(std::string_view text);
    // All that runs here is cancelled.
    void disconnected();

private:
    void take(ws_rpc_call call);
    void take(ws_channel_create create);
    void take(ws_channel_send sent);
    void take(ws_channel_ack ack);
    void take(ws_subscribe subscribe);
    void take(ws_keep_alive);
    void take(ws_notice) {}

    // False if the parameter is none that the endpoint takes.
    bool answer(ws_rpc endpoint, ws_rpc_call const& call);
    bool answer_list_loaded(ws_rpc_call const& call);
    bool answer_unload(ws_rpc_call const& call);
    bool answer_info(ws_rpc_call const& call);
    bool answer_load_config(ws_rpc_call const& call);
    bool answer_processing_state(ws_rpc_call const& call);
    bool answer_void(ws_rpc_call const& call, json const& result);
    // What serves the new channel; nothing if the parameter is none that the endpoint takes.
    std::optional<asio::awaitable<void>> serve(ws_channel_kind kind, json const& parameter,
                                               std::shared_ptr<ws_channel> channel);

    static asio::awaitable<void> unload(std::shared_ptr<ws_port> self, std::int64_t call,
                                        std::string identifier);
    static asio::awaitable<void> run(std::shared_ptr<ws_port> self, std::int64_t channel,
                                     asio::awaitable<void> work);
    void warn(std::string_view text);
    json describe(instance const& i) const;

    std::shared_ptr<machine> m_;
    std::shared_ptr<ws_peer> to_;
    ws_namespace in_;
    std::map<std::int64_t, std::shared_ptr<ws_channel>> channels_;
    int warnings_ = 0;
};

} // namespace secondwind::emulator
