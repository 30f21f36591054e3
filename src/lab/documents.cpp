#include "documents.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/base/pattern.hpp>
#include <secondwind/lmstudio/error_message.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

using nlohmann::json;

constexpr std::size_t longest_kept = 64 * 1024; // of an answer of a few tokens, or of an error

json parsed(std::string_view text) {
    return json::parse(text.begin(), text.end(), nullptr, false);
}

json const* member(json const& object, char const* name) {
    if (!object.is_object())
        return nullptr;
    auto const found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

std::string text_in(json const& object, char const* name) {
    auto const* found = member(object, name);
    return found && found->is_string() ? found->get<std::string>() : std::string{};
}

std::optional<double> number_in(json const& object, char const* name) {
    auto const* found = member(object, name);
    if (!found || !found->is_number())
        return std::nullopt;
    auto const value = found->get<double>();
    return std::isfinite(value) ? std::optional{value} : std::nullopt;
}

std::optional<std::int64_t> count_in(json const& object, char const* name, std::int64_t most) {
    auto const value = number_in(object, name);
    if (!value || *value < 0 || *value > static_cast<double>(most))
        return std::nullopt;
    return static_cast<std::int64_t>(*value);
}

// A number that a host claims; out of its range, a complaint instead.
std::optional<std::int64_t> claimed(json const& model, char const* name, std::int64_t least,
                                    std::int64_t most, std::string& complaint) {
    auto const* found = member(model, name);
    if (!found || found->is_null())
        return std::nullopt;
    auto const value = number_in(model, name);
    if (value && *value >= static_cast<double>(least) && *value <= static_cast<double>(most))
        return static_cast<std::int64_t>(*value);
    if (!complaint.empty())
        complaint += "; ";
    // No text of a host is repeated here that may have any length.
    complaint +=
        value ? fmt::format("it claims {} {:.0f}, and at most {} is possible", name, *value, most)
              : fmt::format("its {} is not a number", name);
    return std::nullopt;
}

std::vector<std::string> reasoning_options(json const& model) {
    std::vector<std::string> options;
    auto const* capabilities = member(model, "capabilities");
    auto const* reasoning = capabilities ? member(*capabilities, "reasoning") : nullptr;
    auto const* allowed = reasoning ? member(*reasoning, "allowed_options") : nullptr;
    if (allowed && allowed->is_array())
        for (auto const& each : *allowed)
            if (each.is_string())
                options.push_back(each.get<std::string>());
    return options;
}

std::string facts_of(json const& model) {
    auto facts = json::object();
    for (auto const* name : {"display_name", "publisher", "architecture", "format"})
        if (auto const text = text_in(model, name); !text.empty() && text.size() <= 256)
            facts[name] = text;
    if (auto const params = text_in(model, "params_string"); !params.empty() && params.size() <= 64)
        facts["params"] = params;
    if (auto const* capabilities = member(model, "capabilities")) {
        if (auto const* vision = member(*capabilities, "vision"); vision && vision->is_boolean())
            facts["vision"] = *vision;
        if (auto const* tools = member(*capabilities, "trained_for_tool_use");
            tools && tools->is_boolean())
            facts["tools"] = *tools;
        if (auto const* reasoning = member(*capabilities, "reasoning");
            reasoning && !reasoning->is_null())
            facts["reasoning"] = true;
    }
    return write_json(facts);
}

void add_instances(json const& model, listed_model& into) {
    auto const* instances = member(model, "loaded_instances");
    if (!instances || !instances->is_array())
        return;
    for (auto const& each : *instances) {
        loaded_instance one;
        one.id = text_in(each, "id");
        if (one.id.empty())
            continue;
        one.model = into.facts.key;
        one.just_in_time = number_in(each, "remaining_ttl_seconds").has_value();
        if (auto const* config = member(each, "config"); config && config->is_object()) {
            one.context = count_in(*config, "context_length", registry::largest_context);
            one.parallel =
                static_cast<std::uint32_t>(count_in(*config, "parallel", 65'536).value_or(0));
            one.config = write_json(*config);
        }
        into.loaded.push_back(std::move(one));
    }
}

std::optional<listed_model> read_model(json const& model) {
    listed_model one;
    one.facts.key = text_in(model, "key");
    auto const type = registry::model_type_from_string(text_in(model, "type"));
    if (one.facts.key.empty() || one.facts.key.size() > registry::longest_key || !type)
        return std::nullopt;
    auto& facts = one.facts;
    facts.type = *type;
    facts.variant = text_in(model, "selected_variant");
    if (auto const* quantization = member(model, "quantization"))
        facts.quantization = text_in(*quantization, "name");
    facts.size = claimed(model, "size_bytes", 0, registry::largest_size, facts.complaint);
    if (facts.size == 0)
        facts.size.reset();
    facts.max_context =
        claimed(model, "max_context_length", 1, registry::largest_context, facts.complaint);
    facts.facts = facts_of(model);
    one.reasoning = reasoning_options(model);
    one.elsewhere = !text_in(model, "device_identifier").empty();
    add_instances(model, one);
    return one;
}

} // namespace

std::optional<model_listing> parse_listing(std::string_view text) {
    auto const document = parsed(text);
    auto const* list = member(document, "models");
    if (!list || !list->is_array())
        return std::nullopt;
    model_listing read;
    bool has_model = list->empty();
    for (auto const& each : *list) {
        has_model = has_model || member(each, "key") != nullptr;
        if (auto one = read_model(each))
            read.models.push_back(std::move(*one));
        else
            ++read.left_out;
    }
    return has_model ? std::optional{std::move(read)} : std::nullopt;
}

std::string describe_no_listing(int status, std::string_view text) {
    auto error = error_in(text);
    // What older versions answer to a path that they do not know, with any status.
    if (matches("^unexpected endpoint", error))
        return "it is LM Studio before 0.4.0, and the lab needs REST API v1: update LM Studio";
    if (status == 401 || status == 403)
        return "it refuses the token (" + error +
               "): set api_token of this upstream to one that may list, load and unload models";
    if (!error.empty())
        return error;
    return fmt::format("GET /api/v1/models was answered with status {}, and without a list of "
                       "models",
                       status);
}

std::string error_in(std::string_view text) {
    auto message = lmstudio::find_error_message(text).value_or("");
    return message;
}

std::string load_body(load_request const& request) {
    auto body = parsed(request.config);
    if (!body.is_object())
        body = json::object();
    body["model"] = request.model;
    if (request.context)
        body["context_length"] = *request.context;
    if (request.flash_attention)
        body["flash_attention"] = *request.flash_attention;
    if (request.kv_on_gpu)
        body["offload_kv_cache_to_gpu"] = *request.kv_on_gpu;
    body["echo_load_config"] = true;
    return write_json(body);
}

void read_load(load_answer& answer, std::string_view text) {
    auto const document = parsed(text);
    answer.instance = text_in(document, "instance_id");
    // The status may be 200 for an error as well.
    auto error = error_in(text);
    if (!error.empty() || answer.instance.empty() || answer.status >= 300) {
        answer.instance.clear();
        answer.error = error.empty() ? fmt::format("the load was answered with status {}, and "
                                                   "without an instance id",
                                                   answer.status)
                                     : std::move(error);
        return;
    }
    if (auto const seconds = number_in(document, "load_time_seconds"); seconds && *seconds >= 0)
        answer.seconds = *seconds;
    if (auto const* config = member(document, "load_config"))
        answer.context = count_in(*config, "context_length", registry::largest_context);
}

std::string chat_body(chat_request const& request) {
    json body{{"model", request.instance},
              {"input", request.input},
              {"stream", true},
              {"store", false},
              {"temperature", 0},
              {"max_output_tokens", request.output}};
    if (!request.reasoning.empty())
        body["reasoning"] = request.reasoning;
    return write_json(body);
}

void chat_reader::push(std::string_view body) {
    text_.append(body.substr(0, longest_kept - std::min(text_.size(), longest_kept)));
    events_.push(body, [this](auto const& event) { return take(event); });
}

void chat_reader::finish() {
    events_.finish([this](auto const& event) { return take(event); });
    if (!answer_.complete && answer_.error.empty())
        answer_.error = error_in(text_);
}

bool chat_reader::take(http::sse_event const& event) {
    if (auto const error = lmstudio::read_event_error(event)) {
        if (answer_.error.empty())
            answer_.error = error->message();
        return true;
    }
    auto const type = lmstudio::type_of(event);
    if (type == "message.delta" || type == "reasoning.delta") {
        auto const content = text_in(parsed(event.data), "content");
        answer_.text.append(content, 0, longest_kept - std::min(answer_.text.size(), longest_kept));
    } else if (type == "chat.start") {
        answer_.instance = text_in(parsed(event.data), "model_instance_id");
    } else if (type == "chat.end") {
        auto const document = parsed(event.data);
        answer_.complete = true;
        auto const* result = member(document, "result");
        if (!result)
            return true;
        if (auto id = text_in(*result, "model_instance_id"); !id.empty())
            answer_.instance = std::move(id);
        if (auto const* stats = member(*result, "stats")) {
            constexpr auto most = registry::largest_context;
            answer_.input_tokens = count_in(*stats, "input_tokens", most);
            answer_.output_tokens = count_in(*stats, "total_output_tokens", most);
            answer_.tps = number_in(*stats, "tokens_per_second");
            answer_.ttft = number_in(*stats, "time_to_first_token_seconds");
        }
    }
    return true;
}

std::string embedding_body(std::string_view instance, std::string_view text) {
    return write_json(json{{"model", instance}, {"input", text}});
}

void read_embedding(embedding_answer& answer, std::string_view text) {
    auto const document = parsed(text);
    answer.error = error_in(text);
    auto const* data = member(document, "data");
    if (!answer.error.empty() || !data || !data->is_array() || data->empty())
        return;
    auto const* vector = member(data->front(), "embedding");
    if (!vector || !vector->is_array())
        return;
    for (auto const& each : *vector)
        // What is no number (null stands for NaN in JSON) is not finite.
        answer.vector.push_back(each.is_number() ? each.get<double>() : std::nan(""));
}

std::string estimate_parameter(load_request const& request) {
    auto fields = json::array();
    auto const add = [&fields](char const* key, json value) {
        fields.push_back({{"key", key}, {"value", std::move(value)}});
    };
    if (request.context)
        add("llm.load.contextLength", *request.context);
    if (request.flash_attention)
        add("llm.load.llama.flashAttention", *request.flash_attention);
    if (request.kv_on_gpu)
        add("llm.load.offloadKVCacheToGpu", *request.kv_on_gpu);
    json const layer{{"layerName", "apiOverride"}, {"config", {{"fields", std::move(fields)}}}};
    return write_json(
        json{{"modelKey", request.model}, {"loadConfigStack", {{"layers", json::array({layer})}}}});
}

std::optional<estimate> parse_estimate(std::string_view message) {
    auto const document = parsed(message);
    auto const* result = member(document, "result");
    auto const* passes = result ? member(*result, "passesGuardrails") : nullptr;
    if (!passes || !passes->is_boolean())
        return std::nullopt;
    estimate found;
    found.passes = passes->get<bool>();
    if (auto const* memory = member(*result, "memory")) {
        found.memory = count_in(*memory, "totalBytes", registry::largest_size);
        found.low_confidence = text_in(*memory, "confidence") == "low";
    }
    return found;
}

} // namespace secondwind::lab
