#include "ws_documents.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace secondwind::emulator {

namespace {

constexpr std::uint32_t loaded_context = 4096;
// As many examples as an error names; how many LM Studio names is not known.
constexpr std::size_t most_examples = 5;

std::string_view type_name(model_type type) {
    return type == model_type::llm ? "llm" : "embedding";
}

std::string_view last_part(std::string_view key) {
    auto const slash = key.rfind('/');
    return slash == std::string_view::npos ? key : key.substr(slash + 1);
}

std::string_view publisher(std::string_view key) {
    auto const slash = key.find('/');
    return slash == std::string_view::npos ? "unknown" : key.substr(0, slash);
}

std::string path(model const& m) {
    std::string text{m.key};
    return text.append("/").append(last_part(m.key)).append("-Q4_K_M.gguf");
}

void add_example(json& examples, std::string const& name) {
    if (examples.size() < most_examples)
        examples.push_back(name);
}

} // namespace

json ws_model_info(model const& m) {
    json info;
    info["type"] = type_name(m.type);
    info["modelKey"] = m.key;
    info["format"] = "gguf";
    info["displayName"] = last_part(m.key);
    info["publisher"] = publisher(m.key);
    info["path"] = path(m);
    info["sizeBytes"] = m.size_bytes;
    info["indexedModelIdentifier"] = path(m);
    info["deviceIdentifier"] = nullptr;
    info["architecture"] = "emulated";
    info["quantization"]["name"] = "Q4_K_M";
    info["quantization"]["bits"] = 4;
    if (m.type == model_type::llm) {
        info["vision"] = false;
        info["trainedForToolUse"] = true;
    }
    info["maxContextLength"] = m.max_context_length;
    return info;
}

json ws_instance_info(model const& m, instance const& i, usage const& how) {
    auto info = ws_model_info(m);
    info["identifier"] = i.id;
    info["instanceReference"] = instance_reference(i);
    info["ttlMs"] = nullptr;
    info["lastUsedTime"] = nullptr;
    if (how.last_used != 0)
        info["lastUsedTime"] = how.last_used;
    info["contextLength"] = loaded_context;
    return info;
}

json ws_load_config(instance const& i) {
    json field;
    field["key"] = std::string{type_name(i.type)} + ".load.contextLength";
    field["value"] = loaded_context;
    json config;
    config["fields"] = json::array();
    config["fields"].push_back(std::move(field));
    return config;
}

json ws_processing_state(instance const& i, usage const& how) {
    json state;
    state["status"] = how.running == 0                  ? "idle"
                      : i.type == model_type::embedding ? "computingEmbedding"
                      : how.generating == 0             ? "processingPrompt"
                                                        : "generating";
    state["queued"] = how.running;
    return state;
}

json ws_packet(char const* type) {
    json p;
    p["type"] = type;
    return p;
}

json ws_error(std::string_view title) {
    json error;
    error["title"] = title;
    error["rootTitle"] = title;
    return error;
}

json ws_not_loaded(store const& models, ws_specifier const& which, model_type type) {
    if (!which.reference.empty()) {
        auto error = ws_error("Model is unloaded.");
        error["displayData"]["code"] = "generic.specificModelUnloaded";
        return error;
    }
    auto error = ws_error("No model found that fits the query");
    auto& data = error["displayData"];
    data["code"] = "generic.noModelMatchingQuery";
    data["query"] = which.query;
    data["loadedModelsSample"] = json::array();
    std::size_t total = 0;
    for (auto const& i : models.instances()) {
        if (i.type != type || i.state != instance_state::loaded)
            continue;
        ++total;
        add_example(data["loadedModelsSample"], i.id);
    }
    data["totalLoadedModels"] = total;
    return error;
}

json ws_not_loadable(store const& models, std::string_view key, model_type type) {
    if (auto const* other = models.find_model(key); other != nullptr) {
        auto error = ws_error("Model has wrong domain");
        auto& data = error["displayData"];
        data["code"] = "generic.domainMismatch";
        data["path"] = key;
        data["actualDomain"] = type_name(other->type);
        data["expectedDomain"] = type_name(type);
        return error;
    }
    auto error = ws_error("Cannot find a model with path \"" + std::string{key} + "\"");
    auto& data = error["displayData"];
    data["code"] = "generic.pathNotFound";
    data["path"] = key;
    data["availablePathsSample"] = json::array();
    std::size_t total = 0;
    for (auto const& m : models.models()) {
        if (m.type != type)
            continue;
        ++total;
        add_example(data["availablePathsSample"], m.key);
    }
    data["totalModels"] = total;
    return error;
}

} // namespace secondwind::emulator
