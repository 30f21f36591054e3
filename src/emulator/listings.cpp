#include "listings.hpp"

namespace secondwind::emulator {

namespace {

constexpr std::uint32_t loaded_context = 4096;

std::string publisher(model const& m) {
    auto const slash = m.key.find('/');
    return slash == std::string::npos ? "unknown" : m.key.substr(0, slash);
}

std::string name(model const& m) {
    auto const slash = m.key.find('/');
    return slash == std::string::npos ? m.key : m.key.substr(slash + 1);
}

json config(model_type type) {
    json c;
    c["context_length"] = loaded_context;
    if (type == model_type::llm) {
        c["eval_batch_size"] = 512;
        c["parallel"] = 4;
        c["flash_attention"] = true;
        c["offload_kv_cache_to_gpu"] = true;
    }
    return c;
}

json v0_entry(store const& models, model const& m) {
    auto const instances = models.instances_of(m.key);
    bool const loaded = models.is_loaded(m.key);
    json e;
    e["id"] = m.key;
    e["object"] = "model";
    e["type"] = m.type == model_type::llm ? "llm" : "embeddings";
    e["publisher"] = publisher(m);
    e["arch"] = "emulated";
    e["compatibility_type"] = "gguf";
    e["quantization"] = "Q4_K_M";
    e["state"] = loaded ? "loaded" : instances.empty() ? "not-loaded" : "loading";
    e["max_context_length"] = m.max_context_length;
    if (loaded)
        e["loaded_context_length"] = loaded_context;
    return e;
}

json v1_entry(store const& models, model const& m) {
    json e;
    e["type"] = m.type == model_type::llm ? "llm" : "embedding";
    e["publisher"] = publisher(m);
    e["key"] = m.key;
    e["display_name"] = name(m);
    e["architecture"] = "emulated";
    e["quantization"]["name"] = "Q4_K_M";
    e["quantization"]["bits_per_weight"] = 4;
    e["size_bytes"] = m.size_bytes;
    e["params_string"] = nullptr;
    e["loaded_instances"] = json::array();
    for (auto const* i : models.instances_of(m.key)) {
        if (i->state != instance_state::loaded)
            continue;
        json one;
        one["id"] = i->id;
        one["config"] = config(m.type);
        e["loaded_instances"].push_back(std::move(one));
    }
    e["max_context_length"] = m.max_context_length;
    e["format"] = "gguf";
    if (m.type == model_type::llm) {
        e["capabilities"]["vision"] = false;
        e["capabilities"]["trained_for_tool_use"] = true;
    }
    return e;
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

json v1_list(store const& models) {
    json document;
    document["models"] = json::array();
    for (auto const& m : models.models())
        document["models"].push_back(v1_entry(models, m));
    return document;
}

json v1_loaded(instance const& fresh, double load_seconds, bool echo_config) {
    json document;
    document["type"] = fresh.type == model_type::llm ? "llm" : "embedding";
    document["instance_id"] = fresh.id;
    document["load_time_seconds"] = load_seconds;
    document["status"] = "loaded";
    if (echo_config)
        document["load_config"] = config(fresh.type);
    return document;
}

json v1_unloaded(std::string_view id) {
    json document;
    document["instance_id"] = id;
    return document;
}

} // namespace secondwind::emulator
