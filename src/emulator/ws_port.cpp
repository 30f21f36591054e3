#include "ws_port.hpp"
#include "ws_load.hpp"
#include "ws_log.hpp"
#include "ws_predict.hpp"

#include <boost/asio/co_spawn.hpp>
#include <spdlog/fmt/fmt.h>

#include <utility>
#include <variant>

namespace secondwind::emulator {

namespace {

constexpr int most_warnings = 5;

} // namespace

ws_port::ws_port(std::shared_ptr<emulated_host> host, std::shared_ptr<ws_connection> connection,
                 ws_namespace space)
    : host_{host}, connection_{connection}, namespace_{space}, calls_{std::make_shared<ws_calls>(
                                                                   std::move(host),
                                                                   std::move(connection), space)} {}

void ws_port::receive(std::string_view text) {
    auto message = parse_ws_message(text);
    if (message)
        std::visit([this](auto& one) { take(std::move(one)); }, *message);
}

void ws_port::disconnected() {
    for (auto const& [id, channel] : channels_)
        channel->client()->gone = true;
    host_->notify();
}

void ws_port::take(ws_rpc_call call) {
    auto const endpoint = find_ws_rpc(namespace_, call.endpoint);
    if (!endpoint || !calls_->knows(*endpoint))
        warn("Received rpcCall for unknown endpoint, endpoint = " + call.endpoint,
             "rpcEndpointUnknown");
    else if (!calls_->answer(*endpoint, call))
        warn("Received invalid parameter for rpcCall, endpointName = " + call.endpoint,
             "rpcParameterTypeError");
}

void ws_port::take(ws_channel_create create) {
    auto const kind = find_ws_channel(namespace_, create.endpoint);
    if (!kind)
        return warn("Received channelCreate for unknown endpoint, endpoint = " + create.endpoint,
                    "channelEndpointUnknown");
    if (channels_.contains(create.id))
        return warn(fmt::format("Received channelCreate for already open channel, channelId = {}",
                                create.id),
                    "channelAlreadyOpen");
    auto channel = std::make_shared<ws_channel>(create.id, *kind, connection_);
    auto work = serve(create.parameter, channel);
    if (!work)
        return warn("Received invalid creationParameter for channel, endpointName = " +
                        create.endpoint,
                    "channelCreationParameterTypeError");
    channels_[create.id] = std::move(channel);
    asio::co_spawn(connection_->executor(), run(shared_from_this(), create.id, std::move(*work)),
                   rethrow);
}

void ws_port::take(ws_channel_send sent) {
    auto const at = channels_.find(sent.id);
    if (at == channels_.end())
        return warn(
            fmt::format("Received channelSend for unknown channel, channelId = {}", sent.id),
            "channelUnknown");
    if (!ends_ws_channel(sent.packet, at->second->kind()))
        return warn(fmt::format("Received invalid message for channel, channelId = {}", sent.id),
                    "channelMessageTypeError");
    at->second->client()->gone = true;
    host_->notify();
}

// The emulator never asks for an acknowledgement, so it expects none.
void ws_port::take(ws_channel_ack ack) {
    if (!channels_.contains(ack.id))
        warn(fmt::format("Received channelAck for unknown channel, channelId = {}", ack.id),
             "channelUnknown");
}

void ws_port::take(ws_subscribe subscribe) {
    bool const writable = subscribe.type == "writableSignalSubscribe";
    warn(fmt::format("Received {} for unknown endpoint, endpoint = {}", subscribe.type,
                     subscribe.endpoint),
         writable ? "writableSignalEndpointUnknown" : "signalEndpointUnknown");
}

void ws_port::take(ws_keep_alive) {
    connection_->send(ws_keep_alive_ack());
}

std::optional<asio::awaitable<void>> ws_port::serve(std::optional<json> const& given,
                                                    std::shared_ptr<ws_channel> channel) {
    auto const kind = channel->kind();
    auto const parameter = given.value_or(json{});
    if (kind == ws_channel_kind::stream_logs) {
        if (given)
            return std::nullopt;
        return serve_ws_logs(host_, std::move(channel));
    }
    if (kind == ws_channel_kind::predict || kind == ws_channel_kind::complete_raw_text) {
        auto prediction = kind == ws_channel_kind::predict ? parse_ws_predict(parameter)
                                                           : parse_ws_complete(parameter);
        if (!prediction)
            return std::nullopt;
        return serve_ws_predict(host_, std::move(channel), std::move(*prediction));
    }
    bool const by_hand = kind == ws_channel_kind::load_model;
    auto load = by_hand ? parse_ws_load_model(parameter) : parse_ws_get_or_load(parameter);
    if (!load)
        return std::nullopt;
    if (by_hand)
        return serve_ws_load(host_, std::move(channel), models_of(namespace_), std::move(*load));
    return serve_ws_get_or_load(host_, std::move(channel), models_of(namespace_), std::move(*load));
}

asio::awaitable<void> ws_port::run(std::shared_ptr<ws_port> self, std::int64_t channel,
                                   asio::awaitable<void> work) {
    co_await std::move(work);
    self->channels_.erase(channel);
}

void ws_port::warn(std::string_view text, std::string_view kind) {
    if (warnings_ >= most_warnings)
        return;
    ++warnings_;
    connection_->send(ws_warning(text, kind));
}

} // namespace secondwind::emulator
