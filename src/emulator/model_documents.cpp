#include "model_documents.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace secondwind::emulator {

namespace {

constexpr std::int64_t jit_ttl_ms = 3'600'000; // LM Studio's default "max idle TTL"

std::string_view type_name(model_type type) {
    return type == model_type::llm ? "llm" : "embedding";
}

std::string_view publisher(std::string_view key) {
    auto const slash = key.find('/');
    return slash == std::string_view::npos ? "unknown" : key.substr(0, slash);
}

// All that follows the publisher.
std::string_view name_of(std::string_view key) {
    auto const slash = key.find('/');
    return slash == std::string_view::npos ? key : key.substr(slash + 1);
}

std::string_view last_part(std::string_view key) {
    auto const slash = key.rfind('/');
    return slash == std::string_view::npos ? key : key.substr(slash + 1);
}

json load_config(instance const& i, std::uint64_t context, std::size_t parallel) {
    json c;
    c["context_length"] = context;
    if (i.type == model_type::llm) {
        c["eval_batch_size"] = 512;
        c["parallel"] = parallel;
        c["flash_attention"] = i.flash_attention;
        c["offload_kv_cache_to_gpu"] = i.kv_cache_on_gpu;
    }
    return c;
}

// Of the first loaded instance.
std::uint64_t loaded_context(std::vector<instance const*> const& instances) {
    auto const at = std::ranges::find(instances, instance_state::loaded, &instance::state);
    return at == instances.end() ? usual_context : (*at)->context_length;
}

std::string format_of(model const& m) {
    return m.profile ? m.profile->format : "gguf";
}

std::string quantization_of(model const& m) {
    return m.profile ? m.profile->quantization : "Q4_K_M";
}

json v0_entry(store const& models, model const& m) {
    auto const instances = models.instances_of(m.key);
    bool const loaded = models.is_loaded(m.key);
    json e;
    e["id"] = m.key;
    e["object"] = "model";
    e["type"] = m.type == model_type::llm ? "llm" : "embeddings";
    e["publisher"] = publisher(m.key);
    e["arch"] = "emulated";
    e["compatibility_type"] = format_of(m);
    e["quantization"] = quantization_of(m);
    e["state"] = loaded ? "loaded" : instances.empty() ? "not-loaded" : "loading";
    e["max_context_length"] = m.max_context_length;
    if (loaded)
        e["loaded_context_length"] = loaded_context(instances);
    return e;
}

json v1_entry(store const& models, model const& m, std::size_t parallel) {
    json e;
    e["type"] = type_name(m.type);
    e["publisher"] = publisher(m.key);
    e["key"] = m.key;
    e["display_name"] = name_of(m.key);
    e["architecture"] = "emulated";
    e["quantization"]["name"] = quantization_of(m);
    e["quantization"]["bits_per_weight"] = 4;
    e["size_bytes"] = m.size_bytes;
    e["params_string"] = nullptr;
    if (m.profile && !m.profile->params.empty())
        e["params_string"] = m.profile->params;
    e["loaded_instances"] = json::array();
    for (auto const* i : models.instances_of(m.key)) {
        if (i->state != instance_state::loaded)
            continue;
        json one;
        one["id"] = i->id;
        one["config"] = load_config(*i, i->context_length, parallel);
        e["loaded_instances"].push_back(std::move(one));
    }
    e["max_context_length"] = m.max_context_length;
    e["format"] = format_of(m);
    if (m.type == model_type::llm) {
        e["capabilities"]["vision"] = false;
        e["capabilities"]["trained_for_tool_use"] = true;
        if (m.profile && !m.profile->reasoning.empty()) {
            e["capabilities"]["reasoning"]["allowed_options"] = m.profile->reasoning;
            e["capabilities"]["reasoning"]["default"] = m.profile->reasoning.front();
        }
    }
    if (!m.variants.empty()) {
        e["variants"] = m.variants;
        e["selected_variant"] =
            m.selected_variant.empty() ? m.variants.front() : m.selected_variant;
    }
    return e;
}

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

} // namespace

json openai_list(store const& models, bool jit) {
    json document;
    document["data"] = json::array(); // before "object", as newer versions have it
    for (auto const& m : models.models()) {
        if (!jit && !models.is_loaded(m.key))
            continue;
        json e;
        e["id"] = m.key;
        e["object"] = "model";
        e["owned_by"] = "organization_owner";
        document["data"].push_back(std::move(e));
    }
    document["object"] = "list";
    return document;
}

json v0_list(store const& models, bool jit) {
    json document;
    document["object"] = "list";
    document["data"] = json::array();
    for (auto const& m : models.models())
        if (jit || models.is_loaded(m.key))
            document["data"].push_back(v0_entry(models, m));
    return document;
}

std::optional<json> v0_model(store const& models, std::string_view key) {
    auto const* m = models.find_model(key);
    if (m == nullptr)
        return std::nullopt;
    return v0_entry(models, *m);
}

json v1_list(store const& models, std::size_t parallel) {
    json document;
    document["models"] = json::array();
    for (auto const& m : models.models())
        document["models"].push_back(v1_entry(models, m, parallel));
    return document;
}

json v1_loaded(instance const& loaded, double load_seconds, std::optional<std::size_t> parallel) {
    json document;
    document["type"] = type_name(loaded.type);
    document["instance_id"] = loaded.id;
    document["load_time_seconds"] = load_seconds;
    document["status"] = "loaded";
    if (parallel)
        document["load_config"] = load_config(loaded, loaded.echoed_context, *parallel);
    return document;
}

json v1_unloaded(std::string_view id) {
    json document;
    document["instance_id"] = id;
    return document;
}

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
    if (i.ttl_ms)
        info["ttlMs"] = *i.ttl_ms;
    else if (i.reason == load_reason::just_in_time)
        info["ttlMs"] = jit_ttl_ms;
    if (!i.device.empty())
        info["deviceIdentifier"] = i.device;
    info["lastUsedTime"] = nullptr;
    if (usage.last_used != 0)
        info["lastUsedTime"] = usage.last_used;
    info["contextLength"] = i.context_length;
    return info;
}

json ws_load_config(instance const& i) {
    json field;
    field["key"] = std::string{type_name(i.type)} + ".load.contextLength";
    field["value"] = i.context_length;
    json config;
    config["fields"] = json::array();
    config["fields"].push_back(std::move(field));
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

json ws_error(std::string_view title) {
    json error;
    error["title"] = title;
    error["rootTitle"] = title;
    return error;
}

json ws_not_loaded(store const& models, ws_specifier const& specifier, model_type type) {
    if (!specifier.reference.empty()) {
        auto error = ws_error("Model is unloaded.");
        error["displayData"]["code"] = "generic.specificModelUnloaded";
        return error;
    }
    auto error = ws_error("No model found that fits the query");
    auto& data = error["displayData"];
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
