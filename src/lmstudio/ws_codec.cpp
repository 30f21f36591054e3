#include <secondwind/lmstudio/ws_codec.hpp>

#include "json_members.hpp"
#include "ws_specifier.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/http/head.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>

namespace secondwind::lmstudio {
namespace {

constexpr std::size_t identifier_length = 8;
constexpr std::size_t passkey_length = 20;
constexpr std::size_t longest_version = 64;

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// The packet of a channelSend; null where there is none.
json const* packet_of(json const& message) {
    if (!message.is_object() || text_of(message, "type") != "channelSend")
        return nullptr;
    auto const packet = message.find("message");
    return packet != message.end() && packet->is_object() ? &*packet : nullptr;
}

bool names_call(json const& message, std::int64_t call_id) {
    auto const id = message.find("callId");
    return id != message.end() && id->is_number_integer() && *id == call_id;
}

// The `result` of an rpcResult, as an array; null where there is none.
json const* result_list(json const& message) {
    if (!message.is_object() || text_of(message, "type") != "rpcResult")
        return nullptr;
    auto const result = message.find("result");
    return result != message.end() && result->is_array() ? &*result : nullptr;
}

// Reads a list whose entries may be odd, but not all of them.
template<class T, class Read>
std::optional<std::vector<T>> read_list(std::string_view text, Read read) {
    auto const message = parse_json(text);
    auto const* list = result_list(message);
    if (list == nullptr)
        return std::nullopt;
    std::vector<T> found;
    for (auto const& entry : *list)
        if (entry.is_object())
            read(entry, found);
    if (found.empty() && !list->empty())
        return std::nullopt;
    return found;
}

std::int64_t time_of(json const& entry, char const* name) {
    auto const ms = size_of(entry, name);
    constexpr auto latest = std::numeric_limits<std::int64_t>::max();
    return ms <= static_cast<std::uint64_t>(latest) ? static_cast<std::int64_t>(ms) : 0;
}

// An element of listLoaded; nothing without an identifier.
std::optional<listed_instance> read_listed(json const& entry) {
    auto id = text_of(entry, "identifier");
    if (id.empty())
        return std::nullopt;
    auto model = text_of(entry, "modelKey");
    listed_instance one;
    one.instance.model = model.empty() ? id : std::move(model);
    one.instance.id = std::move(id);
    one.instance.size_bytes = size_of(entry, "sizeBytes");
    one.instance.last_used_ms = time_of(entry, "lastUsedTime");
    one.instance.kind = kind_of(entry);
    one.instance.jit = has_number(entry, "ttlMs");
    one.instance.device = text_of(entry, "deviceIdentifier");
    one.instance.variants = variants_of(entry, one.instance.model, "selectedVariant");
    one.reference = text_of(entry, "instanceReference");
    if (auto const ttl = time_of(entry, "ttlMs"); ttl > 0)
        one.ttl_ms = ttl;
    return one;
}

// That of an rpcError or a channelError; null where it is neither.
json const* error_in(json const& message) {
    if (!message.is_object())
        return nullptr;
    auto const type = text_of(message, "type");
    auto const error = message.find("error");
    bool const there = (type == "rpcError" || type == "channelError") && error != message.end() &&
                       error->is_object();
    return there ? &*error : nullptr;
}

bool means_not_found(json const& error) {
    static constexpr std::array<std::string_view, 3> codes{
        "noModelMatchingQuery", "identifierNotFound", "specificModelUnloaded"};
    if (auto const data = error.find("displayData"); data != error.end() && data->is_object()) {
        auto const code = text_of(*data, "code");
        std::string_view name = code;
        if (constexpr std::string_view group = "generic."; name.starts_with(group))
            name.remove_prefix(group.size());
        if (std::ranges::find(codes, name) != codes.end())
            return true;
    }
    constexpr std::string_view title = "No model found that fits the query";
    return text_of(error, "title").starts_with(title) ||
           text_of(error, "rootTitle").starts_with(title);
}

} // namespace

credentials credentials_of(std::string_view authorization, credentials guest) {
    constexpr std::string_view prefix = "sk-lm-";
    auto token = http::credentials_in(authorization, "Bearer");
    if (!token.starts_with(prefix))
        return guest;
    token.remove_prefix(prefix.size());
    if (token.size() != identifier_length + 1 + passkey_length || token[identifier_length] != ':')
        return guest;
    auto const identifier = token.substr(0, identifier_length);
    auto const passkey = token.substr(identifier_length + 1);
    if (!std::ranges::all_of(identifier, is_letter_or_digit) ||
        !std::ranges::all_of(passkey, is_letter_or_digit))
        return guest;
    return {std::string{identifier}, std::string{passkey}};
}

std::string auth_message(credentials const& client) {
    return write_json(json{{"authVersion", 1},
                           {"clientIdentifier", client.identifier},
                           {"clientPasskey", client.passkey}});
}

admission parse_admission(std::string_view text) {
    auto const message = parse_json(text);
    auto const success = message.is_object() ? message.find("success") : message.end();
    if (success == message.end() || !success->is_boolean())
        return admission::neither;
    return success->get<bool>() ? admission::admitted : admission::rejected;
}

std::string rpc_call(std::string_view endpoint, std::int64_t call_id, std::string_view parameter) {
    auto text = R"({"type":"rpcCall","endpoint":)" + write_json(json(endpoint)) + R"(,"callId":)" +
                std::to_string(call_id);
    if (!parameter.empty())
        text.append(R"(,"parameter":)").append(parameter);
    return text.append("}");
}

reply parse_reply(std::string_view text, std::int64_t call_id) {
    auto const message = parse_json(text);
    if (!message.is_object())
        return reply::other;
    auto const type = text_of(message, "type");
    if (type == "communicationWarning")
        return message.contains("callId") && !names_call(message, call_id) ? reply::other
                                                                           : reply::warning;
    if (!names_call(message, call_id))
        return reply::other;
    if (type == "rpcResult")
        return reply::result;
    return type == "rpcError" ? reply::error : reply::other;
}

std::string channel_create(std::string_view endpoint, std::int64_t channel_id,
                           std::string_view parameter) {
    auto text = R"({"type":"channelCreate","endpoint":)" + write_json(json(endpoint)) +
                R"(,"channelId":)" + std::to_string(channel_id);
    return text.append(R"(,"creationParameter":)").append(parameter).append("}");
}

std::string channel_cancel(std::int64_t channel_id) {
    return R"({"type":"channelSend","channelId":)" + std::to_string(channel_id) +
           R"(,"message":{"type":"cancel"}})";
}

channel_reply parse_channel_reply(std::string_view text, std::int64_t channel_id) {
    auto const message = parse_json(text);
    if (!message.is_object())
        return channel_reply::other;
    auto const type = text_of(message, "type");
    if (type == "communicationWarning")
        return channel_reply::warning;
    auto const id = message.find("channelId");
    if (id == message.end() || !id->is_number_integer() || *id != channel_id)
        return channel_reply::other;
    if (type == "channelError")
        return channel_reply::error;
    if (type == "channelClose")
        return channel_reply::closed;
    return type == "channelSend" ? channel_reply::packet : channel_reply::other;
}

std::string packet_type(std::string_view text) {
    auto const message = parse_json(text);
    auto const* packet = packet_of(message);
    return packet != nullptr ? text_of(*packet, "type") : std::string{};
}

std::optional<std::vector<listed_instance>> parse_list_loaded(std::string_view text) {
    return read_list<listed_instance>(text, [](json const& entry, auto& found) {
        if (auto one = read_listed(entry))
            found.push_back(std::move(*one));
    });
}

std::optional<listed_instance> parse_loaded(std::string_view text) {
    auto const message = parse_json(text);
    auto const* packet = packet_of(message);
    if (packet == nullptr)
        return std::nullopt;
    auto const info = packet->find("info");
    return info != packet->end() && info->is_object() ? read_listed(*info) : std::nullopt;
}

std::optional<std::vector<model_on_disk>> parse_list_downloaded(std::string_view text) {
    return read_list<model_on_disk>(text, [](json const& entry, auto& found) {
        auto key = text_of(entry, "modelKey");
        if (key.empty())
            return;
        auto variants = variants_of(entry, key, "selectedVariant");
        found.push_back(
            {std::move(key), size_of(entry, "sizeBytes"), kind_of(entry), std::move(variants)});
    });
}

std::string state_parameter(std::string_view identifier, std::string_view reference) {
    return write_json(
        json{{"specifier", specifier_of(identifier, reference)}, {"throwIfNotFound", true}});
}

lmstudio::activity parse_processing_state(std::string_view text) {
    static constexpr std::array<std::string_view, 3> working{"processingPrompt", "generating",
                                                             "computingEmbedding"};
    auto const message = parse_json(text);
    if (!message.is_object() || text_of(message, "type") != "rpcResult")
        return lmstudio::activity::unknown;
    auto const state = message.find("result");
    if (state == message.end() || !state->is_object())
        return lmstudio::activity::unknown;
    auto const status = text_of(*state, "status");
    if (size_of(*state, "queued") > 0 || std::ranges::find(working, status) != working.end())
        return lmstudio::activity::busy;
    return status == "idle" ? lmstudio::activity::idle : lmstudio::activity::unknown;
}

std::optional<std::string> parse_version(std::string_view text) {
    auto const message = parse_json(text);
    if (!message.is_object() || text_of(message, "type") != "rpcResult")
        return std::nullopt;
    auto const result = message.find("result");
    if (result == message.end() || !result->is_object())
        return std::nullopt;
    auto version = text_of(*result, "version");
    auto const is_printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (version.empty() || version.size() > longest_version ||
        !std::ranges::all_of(version, is_printable))
        return std::nullopt;
    return version;
}

std::string unload_parameter(std::string_view identifier) {
    return write_json(json{{"identifier", identifier}});
}

unload_result parse_unload_reply(std::string_view text) {
    auto const message = parse_json(text);
    if (!message.is_object())
        return unload_result::refused;
    auto const type = text_of(message, "type");
    if (type == "rpcResult")
        return unload_result::unloaded;
    auto const* const error = error_in(message);
    return type == "rpcError" && error != nullptr && means_not_found(*error)
               ? unload_result::not_found
               : unload_result::refused;
}

bool tells_not_loaded(std::string_view text) {
    auto const message = parse_json(text);
    auto const* const error = error_in(message);
    return error != nullptr && means_not_found(*error);
}

std::string error_title(std::string_view text) {
    auto const message = parse_json(text);
    auto const* const error = error_in(message);
    return error != nullptr ? text_of(*error, "title") : std::string{};
}

} // namespace secondwind::lmstudio
