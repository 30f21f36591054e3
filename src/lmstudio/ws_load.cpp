#include <secondwind/lmstudio/ws_load.hpp>

#include "json_members.hpp"
#include "ws_specifier.hpp"

#include <secondwind/base/json.hpp>

#include <utility>

namespace secondwind::lmstudio {

std::string load_config_parameter(std::string_view identifier, std::string_view reference) {
    return write_json(json{{"specifier", specifier_of(identifier, reference)}});
}

std::optional<std::string> parse_load_config(std::string_view text) {
    auto const message = parse_json(text);
    if (!message.is_object() || text_of(message, "type") != "rpcResult")
        return std::nullopt;
    auto const config = message.find("result");
    if (config == message.end() || !config->is_object())
        return std::nullopt;
    auto const fields = config->find("fields");
    if (fields == config->end() || !fields->is_array())
        return std::nullopt;
    return write_json(*config);
}

std::string load_parameter(load_description const& wanted) {
    json layer{{"layerName", "apiOverride"}, {"config", {{"fields", json::array()}}}};
    if (auto config = parse_json(wanted.config); config.is_object())
        layer["config"] = std::move(config);
    json parameter{{"modelKey", wanted.model}, {"identifier", wanted.id}};
    if (wanted.ttl_ms)
        parameter["ttlMs"] = *wanted.ttl_ms;
    parameter["loadConfigStack"]["layers"] = json::array({std::move(layer)});
    return write_json(parameter);
}

} // namespace secondwind::lmstudio
