#include "ws_parameters.hpp"
#include "ws_config.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace secondwind::emulator {

namespace {

// After "llm" or "embedding".
constexpr std::string_view context_key = ".load.contextLength";
constexpr std::string_view flash_key = ".load.llama.flashAttention";
constexpr std::string_view kv_key = ".load.offloadKVCacheToGpu";

constexpr std::int64_t longest_ttl_ms = 1'000'000'000'000; // 31 years

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

bool is_message(json const& message) {
    auto const* content = member_of(message, "content");
    return is_text(member_of(message, "role")) && content != nullptr && content->is_array();
}

bool is_history(json const* history) {
    if (history == nullptr)
        return false;
    auto const* messages = member_of(*history, "messages");
    return messages != nullptr && messages->is_array() &&
           std::ranges::all_of(*messages, is_message);
}

std::optional<ws_specifier> parse_specifier(json const* specifier) {
    if (specifier == nullptr)
        return std::nullopt;
    auto const type = text_or_empty(member_of(*specifier, "type"));
    if (type == "instanceReference") {
        auto const* reference = member_of(*specifier, "instanceReference");
        if (!is_text(reference))
            return std::nullopt;
        return ws_specifier{reference->get<std::string>(), nullptr};
    }
    auto const* query = member_of(*specifier, "query");
    if (type != "query" || query == nullptr || !query->is_object())
        return std::nullopt;
    if (!absent_or_text(member_of(*query, "identifier")) ||
        !absent_or_text(member_of(*query, "path")) ||
        !absent_or_text(member_of(*query, "domain")) ||
        !absent_or_bool(member_of(*query, "vision")))
        return std::nullopt;
    return ws_specifier{{}, *query};
}

std::optional<ws_load> parse_load(json const& parameter, char const* key_name,
                                  char const* ttl_name) {
    auto const* key = member_of(parameter, key_name);
    if (!is_text(key) || !absent_or_positive(member_of(parameter, ttl_name)) ||
        !is_config_stack(member_of(parameter, "loadConfigStack")))
        return std::nullopt;
    ws_load load;
    load.key = key->get<std::string>();
    if (auto const* ttl = member_of(parameter, ttl_name); ttl != nullptr)
        load.ttl_ms = std::min(ttl->get<std::int64_t>(), longest_ttl_ms);
    auto const& stack = *member_of(parameter, "loadConfigStack");
    load.config = fields_in(stack);
    load.context_length = positive_in(stack, context_key);
    load.flash_attention = switch_in(stack, flash_key);
    load.kv_cache_on_gpu = switch_in(stack, kv_key);
    return load;
}

// `content` is the prompt.
std::optional<ws_prediction> parse_prediction(json const& parameter, json const& content) {
    auto specifier = parse_specifier(member_of(parameter, "modelSpecifier"));
    auto const* stack = member_of(parameter, "predictionConfigStack");
    if (!specifier || !is_config_stack(stack) ||
        !absent_or_text(member_of(parameter, "fuzzyPresetIdentifier")) ||
        !absent_or_bool(member_of(parameter, "ignoreServerSessionConfig")))
        return std::nullopt;
    ws_prediction p;
    p.specifier = std::move(*specifier);
    p.content = content;
    p.limit = limit_in(*stack);
    p.tools = offered_tools(*stack);
    p.schema = wanted_schema(*stack);
    return p;
}

} // namespace

std::optional<std::string> parse_ws_unload(json const& parameter) {
    auto const* identifier = member_of(parameter, "identifier");
    if (!is_text(identifier))
        return std::nullopt;
    return identifier->get<std::string>();
}

std::optional<ws_specifier> parse_ws_specified(json const& parameter) {
    return parse_specifier(member_of(parameter, "specifier"));
}

std::optional<ws_lookup> parse_ws_lookup(json const& parameter) {
    auto specifier = parse_ws_specified(parameter);
    auto const* throws = member_of(parameter, "throwIfNotFound");
    if (!specifier || throws == nullptr || !throws->is_boolean())
        return std::nullopt;
    return ws_lookup{std::move(*specifier), throws->get<bool>()};
}

std::optional<ws_load> parse_ws_load_model(json const& parameter) {
    auto const* identifier = member_of(parameter, "identifier");
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
    auto const* history = member_of(parameter, "history");
    return is_history(history) ? parse_prediction(parameter, *history) : std::nullopt;
}

std::optional<ws_prediction> parse_ws_complete(json const& parameter) {
    auto const* prompt = member_of(parameter, "rawPrompt");
    return is_text(prompt) ? parse_prediction(parameter, *prompt) : std::nullopt;
}

std::optional<ws_input> parse_ws_input(json const& parameter, char const* specifier_name,
                                       char const* text_name) {
    auto specifier = parse_specifier(member_of(parameter, specifier_name));
    auto const* text = member_of(parameter, text_name);
    if (!specifier || !is_text(text))
        return std::nullopt;
    return ws_input{std::move(*specifier), text->get<std::string>()};
}

std::optional<ws_template> parse_ws_template(json const& parameter) {
    auto specifier = parse_ws_specified(parameter);
    auto const* history = member_of(parameter, "history");
    auto const* options = member_of(parameter, "opts");
    if (!specifier || !is_history(history) || options == nullptr || !options->is_object() ||
        !is_config_stack(member_of(parameter, "predictionConfigStack")))
        return std::nullopt;
    return ws_template{std::move(*specifier), *history};
}

std::optional<ws_upload> parse_ws_upload(json const& parameter) {
    auto const* name = member_of(parameter, "name");
    auto const* content = member_of(parameter, "contentBase64");
    if (!is_text(name) || !is_text(content))
        return std::nullopt;
    return ws_upload{name->get<std::string>(), content->get<std::string>()};
}

std::optional<ws_search> parse_ws_search(json const& parameter) {
    auto const* options = member_of(parameter, "opts");
    if (options == nullptr || !options->is_object() ||
        !absent_or_text(member_of(*options, "searchTerm")) ||
        !absent_or_positive(member_of(*options, "limit")))
        return std::nullopt;
    ws_search search;
    search.term = text_or_empty(member_of(*options, "searchTerm"));
    if (auto const* limit = member_of(*options, "limit"); limit != nullptr)
        search.limit = limit->get<std::size_t>();
    return search;
}

bool ends_ws_channel(json const& packet, ws_channel_kind kind) {
    auto const* word = kind == ws_channel_kind::stream_logs ? "stop" : "cancel";
    return text_or_empty(member_of(packet, "type")) == word;
}

instance const* find_specified(store const& models, ws_specifier const& specifier,
                               model_type type) {
    auto const domain = text_or_empty(member_of(specifier.query, "domain"));
    auto const identifier = text_or_empty(member_of(specifier.query, "identifier"));
    auto const path = text_or_empty(member_of(specifier.query, "path"));
    auto const* vision = member_of(specifier.query, "vision");
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
