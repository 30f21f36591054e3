// What LM Studio answers to the calls of one WebSocket.
#pragma once

#include "ws_channel.hpp"
#include "ws_parameters.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::emulator {

// Calls are answered when they are done, in any order.
class ws_calls : public std::enable_shared_from_this<ws_calls> {
public:
    ws_calls(std::shared_ptr<emulated_host> host, std::shared_ptr<ws_connection> connection,
             ws_namespace space);

    // False in a version that is older than the endpoint.
    bool knows(ws_rpc endpoint) const noexcept;
    // False if the endpoint does not take that parameter.
    bool answer(ws_rpc endpoint, ws_rpc_call const& call);

private:
    bool answer_list_loaded(ws_rpc_call const& call);
    bool answer_unload(ws_rpc_call const& call);
    bool answer_info(ws_rpc_call const& call);
    bool answer_about(ws_rpc_call const& call, std::optional<ws_specifier> specifier,
                      json (*describe_one)(instance const&));
    bool answer_text(ws_rpc_call const& call, std::optional<ws_input> input,
                     json (*result_of)(std::string_view));
    bool answer_template(ws_rpc_call const& call);
    bool answer_embedding(ws_rpc_call const& call);
    bool answer_upload(ws_rpc_call const& call);
    bool answer_search(ws_rpc_call const& call);
    bool answer_processing_state(ws_rpc_call const& call);
    bool answer_estimate(ws_rpc_call const& call);
    bool answer_without_parameter(ws_rpc_call const& call, json const& result);

    static asio::awaitable<void> unload(std::shared_ptr<ws_calls> self, std::int64_t call,
                                        std::string identifier);
    // Sends an answer as late as the script wants.
    void answer_with(std::string message);
    static asio::awaitable<void> answer_later(std::shared_ptr<ws_calls> self, std::string message,
                                              std::chrono::milliseconds delay);
    void reply(std::int64_t call, std::optional<json> const& result);
    void fail(std::int64_t call, json const& error);
    void reply_not_loaded(std::int64_t call, ws_specifier const& specifier);
    instance const* find(ws_specifier const& specifier) const;
    json describe(instance const& i) const;

    std::shared_ptr<emulated_host> host_;
    std::shared_ptr<ws_connection> connection_;
    ws_namespace namespace_;
};

} // namespace secondwind::emulator
