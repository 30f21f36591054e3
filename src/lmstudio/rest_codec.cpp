#include <secondwind/lmstudio/rest_codec.hpp>

#include <secondwind/base/json.hpp>
#include <secondwind/base/pattern.hpp>
#include <secondwind/lmstudio/error_message.hpp>

#include "json_members.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace secondwind::lmstudio {
namespace {

// "Max Concurrent Predictions" of a loaded instance; 0 where it is not said.
std::uint32_t parallel_of(json const& entry) {
    auto const config = entry.find("config");
    if (config == entry.end() || !config->is_object())
        return 0;
    auto const count = size_of(*config, "parallel");
    return count <= std::numeric_limits<std::uint32_t>::max() ? static_cast<std::uint32_t>(count)
                                                              : 0;
}

// Reads one model; false where the entry does not have a model's shape.
bool add_model(json const& model, models& found) {
    if (!model.is_object())
        return false;
    auto const key = text_of(model, "key");
    auto const instances = model.find("loaded_instances");
    if (key.empty() || instances == model.end() || !instances->is_array())
        return false;

    auto const size = size_of(model, "size_bytes");
    auto const kind = kind_of(model);
    auto variants = variants_of(model, key, "selected_variant");
    auto const before = found.loaded.size();
    for (auto const& entry : *instances) {
        if (!entry.is_object())
            continue;
        auto id = text_of(entry, "id");
        if (id.empty())
            continue;
        instance one;
        one.id = std::move(id);
        one.model = key;
        one.size_bytes = size;
        one.kind = kind;
        one.jit = has_number(entry, "remaining_ttl_seconds");
        one.variants = variants;
        one.parallel = parallel_of(entry);
        found.loaded.push_back(std::move(one));
    }
    if (found.loaded.size() == before)
        found.unloaded.push_back({key, size, kind, std::move(variants)});
    return true;
}

// No sample of LM Studio's answer to an unknown instance id is known, so several wordings pass. The
// status alone proves nothing: an unknown path is answered 404 too.
bool says_not_found(json const& document, std::string_view text) {
    static constexpr std::array<std::string_view, 3> codes{"model_not_found", "instance_not_found",
                                                           "not_found"};
    static constexpr std::array<std::string_view, 6> messages{"no model found", "no models loaded",
                                                              "not found",      "not loaded",
                                                              "no instance",    "does not exist"};

    if (auto const error = document.find("error"); error != document.end() && error->is_object()) {
        for (auto const* name : {"code", "type"})
            if (std::ranges::find(codes, text_of(*error, name)) != codes.end())
                return true;
    }
    auto const message = lmstudio::find_error_message(text);
    return message && !matches("^unexpected endpoint", *message) &&
           std::ranges::any_of(messages, [&](auto m) { return matches(m, *message); });
}

} // namespace

std::optional<models> parse_models(std::string_view text) {
    auto const document = parse_json(text);
    if (!document.is_object())
        return std::nullopt;
    auto const list = document.find("models");
    if (list == document.end() || !list->is_array())
        return std::nullopt;

    // One odd entry must not end all recoveries; a list of nothing but odd ones is another API's,
    // and to take it for "nothing is loaded" would report every unload as done.
    models found;
    bool recognised = list->empty();
    for (auto const& model : *list)
        recognised = add_model(model, found) || recognised;
    if (!recognised)
        return std::nullopt;
    return found;
}

std::string unload_body(std::string_view instance_id) {
    return write_json(json{{"instance_id", instance_id}});
}

std::string load_body(std::string_view model, std::int64_t context, std::chrono::seconds ttl) {
    return write_json(json{{"model", model}, {"context_length", context}, {"ttl", ttl.count()}});
}

std::string loaded_instance_id(int status, std::string_view text) {
    auto const document = parse_json(text);
    if (status < 200 || status >= 300 || !document.is_object() || document.contains("error"))
        return {};
    return text_of(document, "instance_id");
}

unload_result parse_unload(int status, std::string_view text, std::string_view instance_id) {
    auto const document = parse_json(text);
    if (!document.is_object())
        return unload_result::refused;
    if (status >= 200 && status < 300 && !instance_id.empty() &&
        text_of(document, "instance_id") == instance_id)
        return unload_result::unloaded;
    return says_not_found(document, text) ? unload_result::not_found : unload_result::refused;
}

} // namespace secondwind::lmstudio
