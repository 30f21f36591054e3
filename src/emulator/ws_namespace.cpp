#include "ws_namespace.hpp"
#include "router.hpp"

#include <algorithm>
#include <array>

namespace secondwind::emulator {

namespace {

struct path_entry {
    std::string_view path;
    ws_namespace in;
};

constexpr std::array<path_entry, 8> paths{{
    {"/llm", ws_namespace::llm},
    {"/embedding", ws_namespace::embedding},
    {"/system", ws_namespace::system},
    {"/diagnostics", ws_namespace::other},
    {"/files", ws_namespace::other},
    {"/repository", ws_namespace::other},
    {"/plugins", ws_namespace::other},
    {"/runtime", ws_namespace::other},
}};

bool has_models(ws_namespace in) {
    return in == ws_namespace::llm || in == ws_namespace::embedding;
}

} // namespace

std::optional<ws_namespace> ws_namespace_of(std::string_view target) noexcept {
    auto const at = std::ranges::find(paths, path_of(target), &path_entry::path);
    if (at == paths.end())
        return std::nullopt;
    return at->in;
}

std::optional<ws_rpc> find_ws_rpc(ws_namespace in, std::string_view name) noexcept {
    if (has_models(in)) {
        if (name == "listLoaded")
            return ws_rpc::list_loaded;
        if (name == "unloadModel")
            return ws_rpc::unload_model;
        if (name == "getModelInfo")
            return ws_rpc::get_model_info;
        if (name == "getLoadConfig")
            return ws_rpc::get_load_config;
        if (name == "getInstanceProcessingState")
            return ws_rpc::get_instance_processing_state;
    }
    if (in == ws_namespace::system) {
        if (name == "version")
            return ws_rpc::version;
        if (name == "info")
            return ws_rpc::info;
        if (name == "listDownloadedModels")
            return ws_rpc::list_downloaded_models;
    }
    return std::nullopt;
}

std::optional<ws_channel_kind> find_ws_channel(ws_namespace in, std::string_view name) noexcept {
    if (has_models(in)) {
        if (name == "loadModel")
            return ws_channel_kind::load_model;
        if (name == "getOrLoad")
            return ws_channel_kind::get_or_load;
    }
    if (in == ws_namespace::llm && name == "predict")
        return ws_channel_kind::predict;
    return std::nullopt;
}

model_type models_of(ws_namespace in) noexcept {
    return in == ws_namespace::embedding ? model_type::embedding : model_type::llm;
}

} // namespace secondwind::emulator
