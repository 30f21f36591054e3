// The messages of LM Studio's WebSocket protocol, one per text frame, and its namespaces. Pure.
//
// The messages have the shapes of lmstudio-js: packages/lms-communication/src/Transport.ts, and for
// the first message authPacket.ts in the same folder.
#pragma once

#include "answer.hpp"
#include <secondwind/emulator/store.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace secondwind::emulator {

// Each WebSocket has one namespace.
enum class ws_namespace : std::uint8_t {
    llm,
    embedding,
    system,
    diagnostics,
    files,
    repository,
    other // plugins, runtime: greeted, and nothing answers there
};

// By the path of the request, which must match exactly; a query does not count
// (lmstudio-js: packages/lms-communication-server/src/WsServer.ts).
std::optional<ws_namespace> ws_namespace_of(std::string_view target) noexcept;
std::string_view path_of(ws_namespace space) noexcept;

enum class ws_rpc : std::uint8_t {
    list_loaded,
    unload_model,
    get_model_info,
    get_load_config,
    get_instance_processing_state,
    estimate_model_usage,
    get_base_prediction_config,
    embed_string,
    tokenize,
    count_tokens,
    apply_prompt_template,
    preload_draft_model,
    version,
    info,
    list_downloaded_models,
    upload_file,
    search_models
};
enum class ws_channel_kind : std::uint8_t {
    load_model,
    get_or_load,
    predict,
    complete_raw_text,
    stream_logs
};

// Nothing if the namespace has no such endpoint.
std::optional<ws_rpc> find_ws_rpc(ws_namespace space, std::string_view name) noexcept;
std::optional<ws_channel_kind> find_ws_channel(ws_namespace space, std::string_view name) noexcept;

// Embedding models for /embedding, else language models.
model_type models_of(ws_namespace space) noexcept;

// The first message of a connection.
struct ws_credentials {
    std::string identifier;
    std::string passkey;
};

// Nothing if the text has another shape; LM Studio then keeps waiting.
std::optional<ws_credentials> parse_ws_credentials(std::string_view text);

struct ws_rpc_call {
    std::int64_t id = 0; // the client chooses it
    std::string endpoint;
    std::optional<json> parameter; // an absent parameter is not the same as null
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
// The emulated namespaces have no signals; a subscription only gets a warning.
struct ws_subscribe {
    std::string type; // "signalSubscribe" or "writableSignalSubscribe"
    std::string endpoint;
};
struct ws_keep_alive {};
// Valid, without an effect: the client's own warnings, the end of a subscription.
struct ws_notice {};

using ws_message = std::variant<ws_rpc_call, ws_channel_create, ws_channel_send, ws_channel_ack,
                                ws_subscribe, ws_keep_alive, ws_notice>;

// Nothing if the text is none of these: LM Studio logs such a message and answers nothing.
std::optional<ws_message> parse_ws_message(std::string_view text);

std::string ws_admitted();
std::string ws_rejected(std::string_view reason);
// A void result is absent.
std::string ws_rpc_result(std::int64_t id, std::optional<json> const& result);
std::string ws_rpc_error(std::int64_t id, json const& error);
std::string ws_channel_packet(std::int64_t id, json const& packet);
std::string ws_channel_close(std::int64_t id);
std::string ws_channel_error(std::int64_t id, json const& error);
// `kind` says what the warning is about, for newer clients
// (lmstudio-js: packages/lms-communication/src/CommunicationWarning.ts).
std::string ws_warning(std::string_view text, std::string_view kind);
std::string ws_keep_alive_ack();

} // namespace secondwind::emulator
