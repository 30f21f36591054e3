#include "ws_documents.hpp"
#include "behaviour.hpp"
#include "model_names.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace secondwind::emulator {

namespace {

// How many examples an error names. LM Studio's own number is not known.
constexpr std::size_t most_examples = 5;

std::string path(model const& m) {
    std::string text{m.key};
    return text.append("/").append(last_part(m.key)).append("-Q4_K_M.gguf");
}

void add_example(json& examples, std::string const& name) {
    if (examples.size() < most_examples)
        examples.push_back(name);
}

json config_field(std::string key, json value) {
    json field;
    field["key"] = std::move(key);
    field["value"] = std::move(value);
    return field;
}

// A stack as Node writes it: with the texts of the error again, and of what caused it.
std::string stack_of(std::string_view title, std::string_view cause) {
    std::string stack{"Error: "};
    stack.append(title).append("\n    at emulated (main/index.js:1:1)");
    if (!cause.empty())
        stack.append("\n- Caused By: Error: ")
            .append(cause)
            .append("\n    at emulated (worker.js:1:1)");
    return stack;
}

} // namespace

json ws_model_info(model const& m) {
    json info;
    info["type"] = type_name(m.type);
    info["modelKey"] = m.key;
    info["format"] = format_of(m);
    info["displayName"] = last_part(m.key);
    info["publisher"] = publisher(m.key);
    info["path"] = path(m);
    info["sizeBytes"] = m.size_bytes;
    info["indexedModelIdentifier"] = path(m);
    info["deviceIdentifier"] = nullptr;
    info["architecture"] = "emulated";
    info["quantization"]["name"] = quantization_of(m);
    info["quantization"]["bits"] = 4;
    if (m.type == model_type::llm) {
        info["vision"] = false;
        info["trainedForToolUse"] = true;
    }
    info["maxContextLength"] = m.max_context_length;
    return info;
}

json ws_instance_info(model const& m, instance const& i, usage const& usage) {
    auto info = ws_model_info(m);
    info["identifier"] = i.id;
    info["instanceReference"] = instance_reference(i);
    info["ttlMs"] = nullptr;
    if (auto const ttl = time_to_live(i))
        info["ttlMs"] = *ttl;
    if (!i.device.empty())
        info["deviceIdentifier"] = i.device;
    info["lastUsedTime"] = nullptr;
    if (usage.last_used != 0)
        info["lastUsedTime"] = usage.last_used;
    info["contextLength"] = i.context_length;
    return info;
}

json ws_load_config(instance const& i) {
    auto const prefix = std::string{type_name(i.type)} + ".load.";
    json config;
    auto& fields = config["fields"] = json::array();
    fields.push_back(config_field(prefix + "contextLength", i.context_length));
    if (i.type == model_type::llm) {
        fields.push_back(config_field(prefix + "llama.flashAttention", i.flash_attention));
        fields.push_back(config_field(prefix + "offloadKVCacheToGpu", i.kv_cache_on_gpu));
    }
    auto const all = i.load_config.empty() ? json::array() : json::parse(i.load_config);
    for (auto const& asked : all) {
        auto const told = std::ranges::find(fields, asked["key"],
                                            [](json const& f) -> json const& { return f["key"]; });
        if (told == fields.end())
            fields.push_back(asked);
    }
    return config;
}

json ws_processing_state(instance const& i, usage const& usage) {
    json state;
    state["status"] = usage.running == 0                ? "idle"
                      : i.type == model_type::embedding ? "computingEmbedding"
                      : usage.generating == 0           ? "processingPrompt"
                                                        : "generating";
    state["queued"] = usage.running;
    return state;
}

json ws_estimate(model const& m, std::uint64_t context, bool passes) {
    auto const all = estimated_bytes(m, context);
    auto const alone = estimated_bytes(m, 0);
    json result;
    auto& memory = result["memory"];
    memory["confidence"] = !m.profile || m.profile->estimate_is_sure ? "high" : "low";
    memory["modelVramBytes"] = alone;
    memory["contextVramBytes"] = all - alone;
    memory["totalVramBytes"] = all;
    memory["modelBytes"] = alone;
    memory["contextBytes"] = all - alone;
    memory["totalBytes"] = all;
    result["passesGuardrails"] = passes;
    return result;
}

json ws_error(std::string_view title, std::string_view cause, json display) {
    json error;
    error["title"] = title;
    if (!cause.empty())
        error["cause"] = cause;
    if (!display.is_null())
        error["displayData"] = std::move(display);
    error["stack"] = stack_of(title, cause);
    error["rootTitle"] = title;
    return error;
}

json ws_load_failure(std::string_view cause, bool by_engine) {
    if (!by_engine)
        return ws_error(cause);
    constexpr std::string_view wrapper = "Failed to load model";
    return ws_error(wrapper, cause.starts_with(wrapper) ? std::string_view{} : cause);
}

json ws_in_use(std::string_view identifier) {
    return ws_error("The identifier \"" + std::string{identifier} + "\" is already in use");
}

json ws_not_loaded(store const& models, ws_specifier const& specifier, model_type type) {
    json data;
    if (!specifier.reference.empty()) {
        data["code"] = "generic.specificModelUnloaded";
        return ws_error("Model is unloaded.", {}, std::move(data));
    }
    data["code"] = "generic.noModelMatchingQuery";
    data["query"] = specifier.query;
    data["loadedModelsSample"] = json::array();
    std::size_t total = 0;
    for (auto const& i : models.instances()) {
        if (i.type != type || i.state != instance_state::loaded)
            continue;
        ++total;
        add_example(data["loadedModelsSample"], i.id);
    }
    data["totalLoadedModels"] = total;
    return ws_error("No model found that fits the query", {}, std::move(data));
}

json ws_not_loadable(store const& models, std::string_view key, model_type type) {
    json data;
    if (auto const* other = models.find_model(key); other != nullptr) {
        data["code"] = "generic.domainMismatch";
        data["path"] = key;
        data["actualDomain"] = type_name(other->type);
        data["expectedDomain"] = type_name(type);
        return ws_error("Model has wrong domain", {}, std::move(data));
    }
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
    return ws_error("Cannot find a model with path \"" + std::string{key} + "\"", {},
                    std::move(data));
}

json ws_tokens(std::string_view text) {
    json result;
    auto& tokens = result["tokens"] = json::array();
    for (std::size_t at = 0; at < text.size(); at += bytes_per_token) {
        std::uint32_t token = 0;
        for (char const byte : text.substr(at, bytes_per_token))
            token = token * 31 + static_cast<unsigned char>(byte);
        tokens.push_back(token);
    }
    return result;
}

json ws_token_count(std::string_view text) {
    json result;
    result["tokenCount"] = (text.size() + bytes_per_token - 1) / bytes_per_token;
    return result;
}

json ws_formatted(json const& history) {
    std::string text;
    for (auto const& message : history["messages"]) {
        text.append("<|im_start|>").append(message["role"].get_ref<std::string const&>());
        for (auto const& part : message["content"])
            if (part.is_object() && part.value("type", json{}) == "text")
                text.append("\n").append(part.value("text", std::string{}));
        text.append("<|im_end|>\n");
    }
    json result;
    result["formatted"] = text.append("<|im_start|>assistant\n");
    return result;
}

json ws_uploaded(std::string_view name, std::string_view base64, std::uint64_t number) {
    constexpr std::size_t bytes_in_four = 3;
    auto const padding = base64.size() - std::min(base64.find('='), base64.size());
    json result;
    result["identifier"] = std::to_string(number) + "-" + std::string{name};
    result["fileType"] = name.ends_with(".txt") ? "text/plain" : "unknown";
    result["sizeBytes"] = base64.size() / 4 * bytes_in_four - padding;
    return result;
}

json ws_search_results(store const& models, std::string_view term, std::size_t limit) {
    json document;
    auto& results = document["results"] = json::array();
    for (auto const& m : models.models()) {
        if (results.size() == limit || m.key.find(term) == std::string::npos)
            continue;
        json one;
        one["name"] = m.key;
        one["identifier"]["type"] = "catalog";
        one["identifier"]["identifier"] = m.key;
        results.push_back(std::move(one));
    }
    return document;
}

json ws_prompt_progress(double part, std::uint64_t tokens) {
    auto const processed = static_cast<std::uint64_t>(part * static_cast<double>(tokens));
    json packet;
    packet["type"] = "promptProcessingProgress";
    packet["progress"] = part;
    auto& details = packet["details"];
    details["cachedTokenCount"] = 0;
    details["totalPromptTokenCount"] = tokens;
    details["processedPromptTokenCount"] = processed;
    details["unprocessedPromptTokenCount"] = tokens - processed;
    return packet;
}

} // namespace secondwind::emulator
