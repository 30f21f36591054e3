#include "model_documents.hpp"
#include "model_names.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace secondwind::emulator {

namespace {

// All that follows the publisher.
std::string_view name_of(std::string_view key) {
    auto const slash = key.find('/');
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

} // namespace secondwind::emulator
