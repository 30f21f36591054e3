// The messages of LM Studio's WebSocket protocol, one a text frame. Pure.
//
// Their shapes are those of lmstudio-js: packages/lms-communication/src/Transport.ts, and for the
// first message authPacket.ts beside it.
#pragma once

#include "answer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace secondwind::emulator {

// The first message of a connection.
struct ws_credentials {
    std::string identifier;
    std::string passkey;
};

// Nothing if it has not that shape: LM Studio goes on waiting for one that has.
std::optional<ws_credentials> parse_ws_credentials(std::string_view text);

struct ws_rpc_call {
    std::int64_t id = 0; // the client chooses it
    std::string endpoint;
    std::optional<json> parameter; // an absent one is not the same as null
};
struct ws_channel_create {
    std::int64_t id = 0;
    std::string endpoint;
    std::optional<json> parameter;
};
struct ws_channel_send {
    std::int64_t id = 0;
    json packet;
};
struct ws_channel_ack {
    std::int64_t id = 0;
};
// The emulated namespaces have no signals; a subscription is only ever warned about.
struct ws_subscribe {
    std::string type; // "signalSubscribe" or "writableSignalSubscribe"
    std::string endpoint;
};
struct ws_keep_alive {};
// Well-formed, and nothing comes of it: the client's own warnings, the end of a subscription.
struct ws_notice {};

using ws_message = std::variant<ws_rpc_call, ws_channel_create, ws_channel_send, ws_channel_ack,
                                ws_subscribe, ws_keep_alive, ws_notice>;

// Nothing if it is none of these: LM Studio logs such a message and answers nothing.
std::optional<ws_message> parse_ws_message(std::string_view text);

std::string ws_admitted();
std::string ws_rejected(std::string_view why);
// A void result is an absent one.
std::string ws_rpc_result(std::int64_t id, std::optional<json> const& result);
std::string ws_rpc_error(std::int64_t id, json const& error);
std::string ws_channel_packet(std::int64_t id, json const& packet);
std::string ws_channel_close(std::int64_t id);
std::string ws_channel_error(std::int64_t id, json const& error);
std::string ws_warning(std::string_view text);
std::string ws_keep_alive_ack();

} // namespace secondwind::emulator
