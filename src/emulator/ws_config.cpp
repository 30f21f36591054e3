#include "ws_config.hpp"

#include <algorithm>

namespace secondwind::emulator {

namespace {

constexpr std::string_view limit_key = "llm.prediction.maxPredictedTokens";
constexpr std::string_view tools_key = "llm.prediction.tools";
constexpr std::string_view schema_key = "llm.prediction.structured";

std::string_view key_of(json const& field) {
    auto const* key = member_of(field, "key");
    return key != nullptr && key->is_string() ? std::string_view{key->get_ref<std::string const&>()}
                                              : std::string_view{};
}

bool is_layer(json const& layer) {
    auto const* name = member_of(layer, "layerName");
    auto const* config = member_of(layer, "config");
    auto const* fields = config != nullptr ? member_of(*config, "fields") : nullptr;
    return name != nullptr && name->is_string() && fields != nullptr && fields->is_array();
}

std::uint64_t const* positive(json const* value) {
    return value != nullptr && value->is_number_unsigned() && value->get<std::uint64_t>() >= 1
               ? value->get_ptr<json::number_unsigned_t const*>()
               : nullptr;
}

} // namespace

json const* member_of(json const& object, char const* name) {
    if (!object.is_object())
        return nullptr;
    auto const at = object.find(name);
    return at == object.end() ? nullptr : &*at;
}

bool is_config_stack(json const* stack) {
    auto const* layers = stack != nullptr ? member_of(*stack, "layers") : nullptr;
    return layers != nullptr && layers->is_array() && std::ranges::all_of(*layers, is_layer);
}

json fields_in(json const& stack) {
    auto fields = json::array();
    for (auto const& layer : stack["layers"]) {
        for (auto const& field : layer["config"]["fields"]) {
            if (key_of(field).empty())
                continue;
            auto const known = std::ranges::find(fields, key_of(field), key_of);
            if (known == fields.end())
                fields.push_back(field);
            else
                *known = field;
        }
    }
    return fields;
}

json const* value_in(json const& stack, std::string_view key_end) {
    json const* found = nullptr;
    for (auto const& layer : stack["layers"])
        for (auto const& field : layer["config"]["fields"])
            if (key_of(field).ends_with(key_end))
                if (auto const* value = member_of(field, "value"); value != nullptr)
                    found = value;
    return found;
}

std::optional<bool> switch_in(json const& stack, std::string_view key_end) {
    auto const* value = value_in(stack, key_end);
    return value != nullptr && value->is_boolean() ? std::optional{value->get<bool>()}
                                                   : std::nullopt;
}

std::optional<std::uint64_t> positive_in(json const& stack, std::string_view key_end) {
    auto const* value = positive(value_in(stack, key_end));
    return value != nullptr ? std::optional{*value} : std::nullopt;
}

std::optional<std::uint64_t> limit_in(json const& stack) {
    auto const* limit = value_in(stack, limit_key);
    auto const* checked = limit != nullptr ? member_of(*limit, "checked") : nullptr;
    if (checked == nullptr || !checked->is_boolean() || !checked->get<bool>())
        return std::nullopt;
    auto const* value = positive(member_of(*limit, "value"));
    return value != nullptr ? std::optional{*value} : std::nullopt;
}

std::vector<std::string> offered_tools(json const& stack) {
    std::vector<std::string> names;
    auto const* setting = value_in(stack, tools_key);
    auto const* tools = setting != nullptr ? member_of(*setting, "tools") : nullptr;
    if (tools == nullptr || !tools->is_array())
        return names;
    for (auto const& tool : *tools) {
        auto const* function = member_of(tool, "function");
        auto const* name = function != nullptr ? member_of(*function, "name") : nullptr;
        if (name != nullptr && name->is_string())
            names.push_back(name->get<std::string>());
    }
    return names;
}

std::optional<json> wanted_schema(json const& stack) {
    auto const* setting = value_in(stack, schema_key);
    auto const* schema = setting != nullptr ? member_of(*setting, "jsonSchema") : nullptr;
    return schema != nullptr && schema->is_object() ? std::optional{*schema} : std::nullopt;
}

} // namespace secondwind::emulator
