// What LM Studio does with the messages of one WebSocket.
#pragma once

#include "ws_channel.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::emulator {

// Calls are answered when they are done, in any order. A call of an unknown endpoint, or with a
// parameter that LM Studio would refuse, only gets a communicationWarning, and after five warnings
// nothing (lmstudio-js: packages/lms-communication-server/src/ServerPort.ts).
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

    // False if the endpoint does not take that parameter.
    bool answer(ws_rpc endpoint, ws_rpc_call const& call);
    bool answer_list_loaded(ws_rpc_call const& call);
    bool answer_unload(ws_rpc_call const& call);
    bool answer_info(ws_rpc_call const& call);
    bool answer_load_config(ws_rpc_call const& call);
    bool answer_processing_state(ws_rpc_call const& call);
    bool answer_estimate(ws_rpc_call const& call);
    bool answer_without_parameter(ws_rpc_call const& call, json const& result);
    // What runs in the new channel; nothing if the endpoint does not take that parameter.
    std::optional<asio::awaitable<void>> serve(ws_channel_kind kind, json const& parameter,
                                               std::shared_ptr<ws_channel> channel);

    static asio::awaitable<void> unload(std::shared_ptr<ws_port> self, std::int64_t call,
                                        std::string identifier);
    static asio::awaitable<void> run(std::shared_ptr<ws_port> self, std::int64_t channel,
                                     asio::awaitable<void> work);
    // Sends an answer as late as the script wants.
    void answer_with(std::string message);
    static asio::awaitable<void> answer_later(std::shared_ptr<ws_port> self, std::string message,
                                              std::chrono::milliseconds delay);
    void warn(std::string_view text);
    void reply(std::int64_t call, std::optional<json> const& result);
    void reply_not_loaded(std::int64_t call, ws_specifier const& specifier);
    instance const* find(ws_specifier const& specifier) const;
    json describe(instance const& i) const;

    std::shared_ptr<emulated_host> host_;
    std::shared_ptr<ws_connection> connection_;
    ws_namespace namespace_;
    std::map<std::int64_t, std::shared_ptr<ws_channel>> channels_;
    int warnings_ = 0;
};

} // namespace secondwind::emulator
