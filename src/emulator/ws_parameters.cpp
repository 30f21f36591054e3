#include "ws_parameters.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace secondwind::emulator {

namespace {

constexpr std::string_view limit_key = "llm.prediction.maxPredictedTokens";
// After "llm" or "embedding".
constexpr std::string_view context_key = ".load.contextLength";
constexpr std::string_view flash_key = ".load.llama.flashAttention";
constexpr std::string_view kv_key = ".load.offloadKVCacheToGpu";

// Null if there is no such member, or `object` is not an object.
json const* member(json const& object, char const* name) {
    if (!object.is_object())
        return nullptr;
    auto const at = object.find(name);
    return at == object.end() ? nullptr : &*at;
}

bool is_text(json const* value) {
    return value != nullptr && value->is_string();
}

bool absent_or_text(json const* value) {
    return value == nullptr || value->is_string();
}

bool absent_or_bool(json const* value) {
    return value == nullptr || value->is_boolean();
}

bool absent_or_positive(json const* value) {
    return value == nullptr || (value->is_number_integer() && value->get<std::int64_t>() >= 1);
}

std::string text_or_empty(json const* value) {
    return is_text(value) ? value->get<std::string>() : std::string{};
}

// A stack of configurations: {"layers":[{"layerName","config":{"fields":[{"key","value"}]}}]}.
bool is_config_stack(json const* stack) {
    if (stack == nullptr)
        return false;
    auto const* layers = member(*stack, "layers");
    if (layers == nullptr || !layers->is_array())
        return false;
    return std::ranges::all_of(*layers, [](json const& layer) {
        auto const* config = member(layer, "config");
        auto const* fields = config != nullptr ? member(*config, "fields") : nullptr;
        return is_text(member(layer, "layerName")) && fields != nullptr && fields->is_array();
    });
}

bool is_message(json const& message) {
    auto const* content = member(message, "content");
    return is_text(member(message, "role")) && content != nullptr && content->is_array();
}

bool is_history(json const* history) {
    if (history == nullptr)
        return false;
    auto const* messages = member(*history, "messages");
    return messages != nullptr && messages->is_array() &&
           std::ranges::all_of(*messages, is_message);
}

// The value of the first field of a valid stack whose key ends so, or null.
json const* value_in(json const& stack, std::string_view key) {
    for (auto const& layer : stack["layers"])
        for (auto const& field : layer["config"]["fields"])
            if (text_or_empty(member(field, "key")).ends_with(key))
                if (auto const* value = member(field, "value"); value != nullptr)
                    return value;
    return nullptr;
}

// The limit is a field with the value {"checked":true,"value":n}; an unchecked one does not count.
std::optional<std::uint64_t> limit_in(json const& stack) {
    for (auto const& layer : stack["layers"]) {
        for (auto const& field : layer["config"]["fields"]) {
            auto const* value = member(field, "value");
            if (text_or_empty(member(field, "key")) != limit_key || value == nullptr)
                continue;
            auto const* checked = member(*value, "checked");
            auto const* limit = member(*value, "value");
            if (checked != nullptr && checked->is_boolean() && checked->get<bool>() &&
                limit != nullptr && absent_or_positive(limit))
                return limit->get<std::uint64_t>();
        }
    }
    return std::nullopt;
}

std::optional<bool> switch_in(json const& stack, std::string_view key) {
    auto const* value = value_in(stack, key);
    return value != nullptr && value->is_boolean() ? std::optional{value->get<bool>()}
                                                   : std::nullopt;
}

std::optional<ws_specifier> parse_specifier(json const* specifier) {
    if (specifier == nullptr)
        return std::nullopt;
    auto const type = text_or_empty(member(*specifier, "type"));
    if (type == "instanceReference") {
        auto const* reference = member(*specifier, "instanceReference");
        if (!is_text(reference))
            return std::nullopt;
        return ws_specifier{reference->get<std::string>(), nullptr};
    }
    auto const* query = member(*specifier, "query");
    if (type != "query" || query == nullptr || !query->is_object())
        return std::nullopt;
    if (!absent_or_text(member(*query, "identifier")) || !absent_or_text(member(*query, "path")) ||
        !absent_or_text(member(*query, "domain")) || !absent_or_bool(member(*query, "vision")))
        return std::nullopt;
    return ws_specifier{{}, *query};
}

std::optional<ws_load> parse_load(json const& parameter, char const* key_name,
                                  char const* ttl_name) {
    auto const* key = member(parameter, key_name);
    if (!is_text(key) || !absent_or_positive(member(parameter, ttl_name)) ||
        !is_config_stack(member(parameter, "loadConfigStack")))
        return std::nullopt;
    ws_load load;
    load.key = key->get<std::string>();
    if (auto const* ttl = member(parameter, ttl_name); ttl != nullptr)
        load.ttl_ms = ttl->get<std::int64_t>();
    auto const& stack = *member(parameter, "loadConfigStack");
    auto const* context = value_in(stack, context_key);
    if (context != nullptr && absent_or_positive(context))
        load.context_length = context->get<std::uint64_t>();
    load.flash_attention = switch_in(stack, flash_key);
    load.kv_cache_on_gpu = switch_in(stack, kv_key);
    return load;
}

} // namespace

std::optional<std::string> parse_ws_unload(json const& parameter) {
    auto const* identifier = member(parameter, "identifier");
    if (!is_text(identifier))
        return std::nullopt;
    return identifier->get<std::string>();
}

std::optional<ws_specifier> parse_ws_specified(json const& parameter) {
    return parse_specifier(member(parameter, "specifier"));
}

std::optional<ws_lookup> parse_ws_lookup(json const& parameter) {
    auto specifier = parse_ws_specified(parameter);
    auto const* throws = member(parameter, "throwIfNotFound");
    if (!specifier || throws == nullptr || !throws->is_boolean())
        return std::nullopt;
    return ws_lookup{std::move(*specifier), throws->get<bool>()};
}

std::optional<ws_load> parse_ws_load_model(json const& parameter) {
    auto const* identifier = member(parameter, "identifier");
    auto load = parse_load(parameter, "modelKey", "ttlMs");
    if (!load || !absent_or_text(identifier))
        return std::nullopt;
    load->identifier = text_or_empty(identifier);
    return load;
}

std::optional<ws_load> parse_ws_get_or_load(json const& parameter) {
    return parse_load(parameter, "identifier", "loadTtlMs");
}

std::optional<ws_load> parse_ws_estimate(json const& parameter) {
    return parse_load(parameter, "modelKey", "ttlMs");
}

std::optional<ws_prediction> parse_ws_predict(json const& parameter) {
    auto specifier = parse_specifier(member(parameter, "modelSpecifier"));
    auto const* history = member(parameter, "history");
    auto const* stack = member(parameter, "predictionConfigStack");
    if (!specifier || !is_history(history) || !is_config_stack(stack) ||
        !absent_or_text(member(parameter, "fuzzyPresetIdentifier")) ||
        !absent_or_bool(member(parameter, "ignoreServerSessionConfig")))
        return std::nullopt;
    ws_prediction p;
    p.specifier = std::move(*specifier);
    p.prompt_tokens = compact(*history).size() / 4 + 1;
    p.limit = limit_in(*stack);
    return p;
}

bool is_ws_cancel(json const& packet) {
    return text_or_empty(member(packet, "type")) == "cancel";
}

instance const* find_specified(store const& models, ws_specifier const& specifier,
                               model_type type) {
    auto const domain = text_or_empty(member(specifier.query, "domain"));
    auto const identifier = text_or_empty(member(specifier.query, "identifier"));
    auto const path = text_or_empty(member(specifier.query, "path"));
    auto const* vision = member(specifier.query, "vision");
    auto const matches = [&](instance const& i) {
        if (i.type != type || i.state != instance_state::loaded)
            return false;
        if (!specifier.reference.empty())
            return instance_reference(i) == specifier.reference;
        bool const in_domain =
            domain.empty() || domain == (type == model_type::llm ? "llm" : "embedding");
        // No emulated model can see.
        bool const sees = vision != nullptr && vision->get<bool>();
        return in_domain && !sees && (identifier.empty() || identifier == i.id) &&
               (path.empty() || path == i.key);
    };
    auto const at = std::ranges::find_if(models.instances(), matches);
    return at == models.instances().end() ? nullptr : &*at;
}

std::string instance_reference(instance const& i) {
    return fmt::format("instance{:016}", i.serial);
}

} // namespace secondwind::emulator
