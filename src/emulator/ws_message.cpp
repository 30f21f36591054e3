#include "ws_message.hpp"
#include "router.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace secondwind::emulator {

namespace {

struct path_entry {
    std::string_view path;
    ws_namespace space;
};

constexpr std::array<path_entry, 8> paths{{
    {"/llm", ws_namespace::llm},
    {"/embedding", ws_namespace::embedding},
    {"/system", ws_namespace::system},
    {"/diagnostics", ws_namespace::diagnostics},
    {"/files", ws_namespace::files},
    {"/repository", ws_namespace::repository},
    {"/plugins", ws_namespace::other},
    {"/runtime", ws_namespace::other},
}};

struct rpc_entry {
    std::string_view name;
    ws_rpc rpc;
};

constexpr std::array model_calls{
    rpc_entry{"listLoaded", ws_rpc::list_loaded},
    rpc_entry{"unloadModel", ws_rpc::unload_model},
    rpc_entry{"getModelInfo", ws_rpc::get_model_info},
    rpc_entry{"getLoadConfig", ws_rpc::get_load_config},
    rpc_entry{"getInstanceProcessingState", ws_rpc::get_instance_processing_state},
    rpc_entry{"estimateModelUsage", ws_rpc::estimate_model_usage},
    rpc_entry{"getBasePredictionConfig", ws_rpc::get_base_prediction_config},
    rpc_entry{"tokenize", ws_rpc::tokenize},
    rpc_entry{"countTokens", ws_rpc::count_tokens},
};
constexpr std::array llm_calls{
    rpc_entry{"applyPromptTemplate", ws_rpc::apply_prompt_template},
    rpc_entry{"preloadDraftModel", ws_rpc::preload_draft_model},
};
constexpr std::array embedding_calls{rpc_entry{"embedString", ws_rpc::embed_string}};
constexpr std::array system_calls{
    rpc_entry{"version", ws_rpc::version},
    rpc_entry{"info", ws_rpc::info},
    rpc_entry{"listDownloadedModels", ws_rpc::list_downloaded_models},
};
constexpr std::array file_calls{rpc_entry{"uploadFileBase64", ws_rpc::upload_file}};
constexpr std::array repository_calls{rpc_entry{"searchModels", ws_rpc::search_models}};

bool has_models(ws_namespace space) {
    return space == ws_namespace::llm || space == ws_namespace::embedding;
}

constexpr std::size_t longest_credential = 256;

json parse(std::string_view text) {
    return json::parse(text.begin(), text.end(), nullptr, false);
}

std::optional<std::string> optional_string(json const& document, char const* name) {
    auto const at = document.find(name);
    if (at == document.end() || !at->is_string())
        return std::nullopt;
    return at->get<std::string>();
}

std::optional<std::int64_t> optional_integer(json const& document, char const* name) {
    auto const at = document.find(name);
    if (at == document.end() || !at->is_number_integer())
        return std::nullopt;
    return at->get<std::int64_t>();
}

std::optional<json> optional_member(json const& document, char const* name) {
    auto const at = document.find(name);
    if (at == document.end())
        return std::nullopt;
    return *at;
}

json message(char const* type) {
    json m;
    m["type"] = type;
    return m;
}

json message(char const* type, char const* id_name, std::int64_t id) {
    auto m = message(type);
    m[id_name] = id;
    return m;
}

template<class Message>
std::optional<ws_message> parse_opening(json const& document, char const* id_name,
                                        char const* parameter_name) {
    auto const id = optional_integer(document, id_name);
    auto endpoint = optional_string(document, "endpoint");
    if (!id || !endpoint)
        return std::nullopt;
    return Message{*id, std::move(*endpoint), optional_member(document, parameter_name)};
}

std::optional<ws_message> parse_channel_send(json const& document) {
    auto const id = optional_integer(document, "channelId");
    if (!id)
        return std::nullopt;
    return ws_channel_send{*id, optional_member(document, "message").value_or(json{})};
}

std::optional<ws_message> parse_channel_ack(json const& document) {
    auto const id = optional_integer(document, "channelId");
    if (!id || !optional_integer(document, "ackId"))
        return std::nullopt;
    return ws_channel_ack{*id};
}

std::optional<ws_message> parse_subscribe(json const& document, std::string type) {
    auto endpoint = optional_string(document, "endpoint");
    if (!endpoint || !optional_integer(document, "subscribeId"))
        return std::nullopt;
    return ws_subscribe{std::move(type), std::move(*endpoint)};
}

} // namespace

std::optional<ws_namespace> ws_namespace_of(std::string_view target) noexcept {
    auto const at = std::ranges::find(paths, path_of(target), &path_entry::path);
    if (at == paths.end())
        return std::nullopt;
    return at->space;
}

std::string_view path_of(ws_namespace space) noexcept {
    return std::ranges::find(paths, space, &path_entry::space)->path;
}

std::optional<ws_rpc> find_ws_rpc(ws_namespace space, std::string_view name) noexcept {
    auto const known = [&](auto const& calls) -> std::optional<ws_rpc> {
        auto const entry = std::ranges::find(calls, name, &rpc_entry::name);
        return entry == calls.end() ? std::nullopt : std::optional{entry->rpc};
    };
    if (auto const found = has_models(space) ? known(model_calls) : std::nullopt)
        return found;
    switch (space) {
    case ws_namespace::llm:
        return known(llm_calls);
    case ws_namespace::embedding:
        return known(embedding_calls);
    case ws_namespace::system:
        return known(system_calls);
    case ws_namespace::files:
        return known(file_calls);
    case ws_namespace::repository:
        return known(repository_calls);
    default:
        return std::nullopt;
    }
}

std::optional<ws_channel_kind> find_ws_channel(ws_namespace space, std::string_view name) noexcept {
    if (has_models(space)) {
        if (name == "loadModel")
            return ws_channel_kind::load_model;
        if (name == "getOrLoad")
            return ws_channel_kind::get_or_load;
    }
    if (space == ws_namespace::llm && name == "predict")
        return ws_channel_kind::predict;
    if (space == ws_namespace::llm && name == "completeRawText")
        return ws_channel_kind::complete_raw_text;
    if (space == ws_namespace::diagnostics && name == "streamLogs")
        return ws_channel_kind::stream_logs;
    return std::nullopt;
}

model_type models_of(ws_namespace space) noexcept {
    return space == ws_namespace::embedding ? model_type::embedding : model_type::llm;
}

std::optional<ws_credentials> parse_ws_credentials(std::string_view text) {
    auto const document = parse(text);
    if (!document.is_object())
        return std::nullopt;
    auto identifier = optional_string(document, "clientIdentifier");
    auto passkey = optional_string(document, "clientPasskey");
    if (optional_integer(document, "authVersion") != 1 || !identifier || !passkey ||
        identifier->size() > longest_credential || passkey->size() > longest_credential)
        return std::nullopt;
    return ws_credentials{std::move(*identifier), std::move(*passkey)};
}

std::optional<ws_message> parse_ws_message(std::string_view text) {
    auto const document = parse(text);
    if (!document.is_object())
        return std::nullopt;
    auto const type = optional_string(document, "type").value_or("");
    if (type == "rpcCall")
        return parse_opening<ws_rpc_call>(document, "callId", "parameter");
    if (type == "channelCreate")
        return parse_opening<ws_channel_create>(document, "channelId", "creationParameter");
    if (type == "channelSend")
        return parse_channel_send(document);
    if (type == "channelAck")
        return parse_channel_ack(document);
    if (type == "signalSubscribe" || type == "writableSignalSubscribe")
        return parse_subscribe(document, type);
    if (type == "keepAlive")
        return ws_keep_alive{};
    if (type == "communicationWarning" || type == "signalUnsubscribe" ||
        type == "writableSignalUnsubscribe" || type == "writableSignalUpdate")
        return ws_notice{};
    return std::nullopt;
}

std::string ws_admitted() {
    json m;
    m["success"] = true;
    return compact(m);
}

std::string ws_rejected(std::string_view reason) {
    json m;
    m["success"] = false;
    m["error"] = reason;
    return compact(m);
}

std::string ws_rpc_result(std::int64_t id, std::optional<json> const& result) {
    auto m = message("rpcResult", "callId", id);
    if (result)
        m["result"] = *result;
    return compact(m);
}

std::string ws_rpc_error(std::int64_t id, json const& error) {
    auto m = message("rpcError", "callId", id);
    m["error"] = error;
    return compact(m);
}

std::string ws_channel_packet(std::int64_t id, json const& packet) {
    auto m = message("channelSend", "channelId", id);
    m["message"] = packet;
    return compact(m);
}

std::string ws_channel_close(std::int64_t id) {
    return compact(message("channelClose", "channelId", id));
}

std::string ws_channel_error(std::int64_t id, json const& error) {
    auto m = message("channelError", "channelId", id);
    m["error"] = error;
    return compact(m);
}

std::string ws_warning(std::string_view text, std::string_view kind) {
    auto m = message("communicationWarning");
    m["warning"] = text;
    m["kind"] = kind;
    return compact(m);
}

std::string ws_keep_alive_ack() {
    return compact(message("keepAliveAck"));
}

} // namespace secondwind::emulator
