// The namespaces of LM Studio's WebSocket protocol, and what can be called in each. Pure.
#pragma once

#include <secondwind/emulator/store.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace secondwind::emulator {

// One WebSocket each.
enum class ws_namespace : std::uint8_t {
    llm,
    embedding,
    system,
    other // diagnostics, files, repository, plugins, runtime: greeted, and nothing answers there
};

// By the path of the request, which must match exactly; a query does not count
// (lmstudio-js: packages/lms-communication-server/src/WsServer.ts).
std::optional<ws_namespace> ws_namespace_of(std::string_view target) noexcept;

enum class ws_rpc : std::uint8_t {
    list_loaded,
    unload_model,
    get_model_info,
    get_load_config,
    get_instance_processing_state,
    version,
    info,
    list_downloaded_models
};
enum class ws_channel_kind : std::uint8_t { load_model, get_or_load, predict };

// Nothing for what the namespace has not.
std::optional<ws_rpc> find_ws_rpc(ws_namespace in, std::string_view name) noexcept;
std::optional<ws_channel_kind> find_ws_channel(ws_namespace in, std::string_view name) noexcept;

// The models that a namespace is about: those of /embedding, else the language models.
model_type models_of(ws_namespace in) noexcept;

} // namespace secondwind::emulator
