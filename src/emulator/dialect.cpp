#include "dialect.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

namespace secondwind::emulator {

namespace {

std::string string_member(json const& document, char const* name) {
    auto const at = document.find(name);
    return at != document.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

bool flag_member(json const& document, char const* name) {
    auto const at = document.find(name);
    return at != document.end() && at->is_boolean() && at->get<bool>();
}

std::string_view content_field(endpoint endpoint) {
    switch (endpoint) {
    case endpoint::completions:
        return "prompt";
    case endpoint::embeddings:
    case endpoint::responses:
    case endpoint::v1_chat:
        return "input";
    default:
        return "messages";
    }
}

std::string all_of_kind(std::vector<spoken_part> const& parts, spoken_part::kind type) {
    std::string all;
    for (auto const& p : parts)
        if (p.type == type)
            all += p.text;
    return all;
}

// LM Studio takes -1 for "no limit".
std::optional<std::uint64_t> limit_of(json const& document) {
    for (char const* name : {"max_tokens", "max_completion_tokens", "max_output_tokens"}) {
        auto const at = document.find(name);
        if (at != document.end() && at->is_number_integer() && at->get<std::int64_t>() > 0)
            return at->get<std::uint64_t>();
    }
    return std::nullopt;
}

// A tool's name is beside its type, or in its "function".
std::vector<std::string> tools_in(json const& document) {
    std::vector<std::string> names;
    auto const tools = document.find("tools");
    if (tools == document.end() || !tools->is_array())
        return names;
    for (auto const& tool : *tools) {
        if (!tool.is_object())
            continue;
        auto const function = tool.find("function");
        bool const nested = function != tool.end() && function->is_object();
        names.push_back(string_member(nested ? *function : tool, "name"));
    }
    return names;
}

// Where the interfaces have the schema of an answer.
std::optional<json> schema_in(json const& document) {
    for (char const* place : {"/response_format/json_schema/schema", "/text/format/schema",
                              "/output_config/format/schema", "/output_format/schema"}) {
        json::json_pointer const at{place};
        if (document.contains(at) && document[at].is_object())
            return document[at];
    }
    return std::nullopt;
}

std::optional<std::uint64_t> positive_member(json const& document, char const* name) {
    auto const at = document.find(name);
    if (at == document.end() || !at->is_number_integer() || at->get<std::int64_t>() <= 0)
        return std::nullopt;
    return at->get<std::uint64_t>();
}

constexpr std::int64_t ms_per_second = 1000;
constexpr std::uint64_t longest_ttl = 1'000'000'000; // seconds

} // namespace

std::variant<prompt, unreadable> parse_prompt(endpoint endpoint, std::string_view body) {
    auto document = json::parse(body, nullptr, false);
    if (document.is_discarded() || !document.is_object())
        return unreadable{"Invalid JSON in request body"};
    auto const field = content_field(endpoint);
    auto const content = document.find(field);
    bool const wants_list = field == "messages";
    if (content == document.end())
        return unreadable{fmt::format("'{}' field is required", field)};
    if (wants_list ? !content->is_array() : !(content->is_string() || content->is_array()))
        return unreadable{fmt::format("'{}' field is invalid", field)};

    prompt p;
    p.model = string_member(document, "model");
    p.stream = flag_member(document, "stream") && endpoint != endpoint::embeddings;
    if (auto const o = document.find("stream_options"); o != document.end() && o->is_object())
        p.include_usage = flag_member(*o, "include_usage");
    p.base64 = string_member(document, "encoding_format") == "base64";
    p.limit = limit_of(document);
    p.tokens = content->dump(-1, ' ', false, json::error_handler_t::replace).size() / 4 + 1;
    p.inputs = content->is_array() ? content->size() : 1;
    p.previous_response = string_member(document, "previous_response_id");
    p.tools = tools_in(document);
    p.schema = schema_in(document);
    p.reasoning = string_member(document, "reasoning");
    p.store = document.value("store", json(true)) != json(false);
    p.context_length = positive_member(document, "context_length");
    if (auto const ttl = positive_member(document, "ttl"))
        p.ttl_ms = static_cast<std::int64_t>(std::min(*ttl, longest_ttl)) * ms_per_second;
    p.content = std::move(*content);
    return p;
}

void prediction::say(std::string token) {
    if (parts.empty())
        parts.emplace_back();
    parts.back().text += token;
    ++parts.back().tokens;
    ++tokens;
    last_token = std::move(token);
}

std::string prediction::text() const {
    return all_of_kind(parts, spoken_part::kind::text);
}

std::string prediction::reasoning() const {
    return all_of_kind(parts, spoken_part::kind::reasoning);
}

std::size_t prediction::reasoning_tokens() const {
    std::size_t sum = 0;
    for (auto const& p : parts)
        if (p.type == spoken_part::kind::reasoning)
            sum += p.tokens;
    return sum;
}

bool prediction::calls_tools() const {
    return std::ranges::find(parts, spoken_part::kind::tool_call, &spoken_part::type) !=
           parts.end();
}

constexpr std::string_view response_prefix = "resp_";

std::string response_id(prediction const& p) {
    return std::string{response_prefix} + std::to_string(p.number);
}

bool was_stored(std::string_view id, std::uint64_t oldest, std::uint64_t end) noexcept {
    if (!id.starts_with(response_prefix))
        return false;
    auto const digits = id.substr(response_prefix.size());
    std::uint64_t number = 0;
    auto const [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    bool const whole = error == std::errc{} && stop == digits.data() + digits.size();
    return whole && number >= oldest && number < end;
}

sse_events dialect::broken(prediction const&, std::string_view reason) const {
    json document;
    document["error"]["message"] = reason;
    return {sse_event{"error", compact(document)}};
}

answer dialect::invalid(std::string_view reason) const {
    return string_error(400, reason);
}

answer dialect::refused(model const& m, std::string_view cause) const {
    std::string text = "Failed to load model \"";
    text.append(m.key).append("\". Error: ").append(cause);
    return object_error(400, text, "model", nullptr);
}

answer dialect::failed(std::string_view reason) const {
    return string_error(400, reason);
}

answer dialect::unknown_response(std::string_view id) const {
    return object_error(400, fmt::format("Previous response with id '{}' not found.", id),
                        "previous_response_id", "previous_response_not_found");
}

answer dialect::unserved(availability availability, bool before_0_4) const {
    return object_error(before_0_4 ? 404 : 400, unserved_text(availability, before_0_4), "model",
                        "model_not_found");
}

dialect const& dialect_of(endpoint endpoint) {
    switch (endpoint) {
    case endpoint::v0_chat_completions:
        return v0_chat_dialect();
    case endpoint::completions:
        return completions_dialect();
    case endpoint::embeddings:
        return embeddings_dialect();
    case endpoint::responses:
        return responses_dialect();
    case endpoint::messages:
        return messages_dialect();
    case endpoint::v1_chat:
        return rest_chat_dialect();
    default:
        return chat_dialect();
    }
}

std::string_view unserved_text(availability availability, bool before_0_4) noexcept {
    if (availability == availability::ambiguous)
        return "Multiple models are loaded. Please specify a model by providing a 'model' field.";
    return before_0_4 ? "No models loaded. Please load a model in the developer page or use the "
                        "`lms load` command."
                      : "No models loaded. Please load a model in the developer page or use the "
                        "'lms load' command.";
}

std::string rest_refusal(model const& m, std::string_view cause) {
    std::string text = "Failed to load ";
    text.append(m.type == model_type::llm ? "LLM" : "embedding model");
    text.append(" '").append(m.key).append("': Error: ").append(cause);
    return text;
}

} // namespace secondwind::emulator
