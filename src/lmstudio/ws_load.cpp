#include <secondwind/lmstudio/ws_load.hpp>

#include "json_members.hpp"
#include "ws_specifier.hpp"

#include <secondwind/base/json.hpp>

#include <utility>

namespace secondwind::lmstudio {

std::string write_description(load_description const& one) {
    json written{{"identifier", one.id},
                 {"modelKey", one.model},
                 {"type", one.kind == model_kind::embedding ? "embedding" : "llm"},
                 {"config", parse_json(one.config)}};
    if (!written["config"].is_object())
        written["config"] = json::object();
    if (one.ttl_ms)
        written["ttlMs"] = *one.ttl_ms;
    return write_json(written);
}

std::optional<load_description> read_description(std::string_view text) {
    auto const written = parse_json(text);
    if (!written.is_object())
        return std::nullopt;
    load_description one;
    one.id = text_of(written, "identifier");
    one.model = text_of(written, "modelKey");
    one.kind = kind_of(written);
    if (auto const ttl = size_of(written, "ttlMs"); ttl > 0)
        one.ttl_ms = static_cast<std::int64_t>(ttl);
    if (auto const config = written.find("config"); config != written.end() && config->is_object())
        one.config = write_json(*config);
    if (one.id.empty() || one.model.empty())
        return std::nullopt;
    return one;
}

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
