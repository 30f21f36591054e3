#include "ws_message.hpp"

#include <utility>

namespace secondwind::emulator {

namespace {

constexpr std::size_t longest_credential = 256;

json parse(std::string_view text) {
    return json::parse(text.begin(), text.end(), nullptr, false);
}

std::optional<std::string> text_of(json const& from, char const* name) {
    auto const at = from.find(name);
    if (at == from.end() || !at->is_string())
        return std::nullopt;
    return at->get<std::string>();
}

std::optional<std::int64_t> integer_of(json const& from, char const* name) {
    auto const at = from.find(name);
    if (at == from.end() || !at->is_number_integer())
        return std::nullopt;
    return at->get<std::int64_t>();
}

std::optional<json> member_of(json const& from, char const* name) {
    auto const at = from.find(name);
    if (at == from.end())
        return std::nullopt;
    return *at;
}

json message(char const* type) {
    json m;
    m["type"] = type;
    return m;
}

json message(char const* type, char const* id_name, std::int64_t id) {
    auto m = message(type);
    m[id_name] = id;
    return m;
}

template<class Message>
std::optional<ws_message> parse_opening(json const& document, char const* id_name,
                                        char const* parameter_name) {
    auto const id = integer_of(document, id_name);
    auto endpoint = text_of(document, "endpoint");
    if (!id || !endpoint)
        return std::nullopt;
    return Message{*id, std::move(*endpoint), member_of(document, parameter_name)};
}

std::optional<ws_message> parse_channel_send(json const& document) {
    auto const id = integer_of(document, "channelId");
    if (!id)
        return std::nullopt;
    return ws_channel_send{*id, member_of(document, "message").value_or(json{})};
}

std::optional<ws_message> parse_channel_ack(json const& document) {
    auto const id = integer_of(document, "channelId");
    if (!id || !integer_of(document, "ackId"))
        return std::nullopt;
    return ws_channel_ack{*id};
}

std::optional<ws_message> parse_subscribe(json const& document, std::string type) {
    auto endpoint = text_of(document, "endpoint");
    if (!endpoint || !integer_of(document, "subscribeId"))
        return std::nullopt;
    return ws_subscribe{std::move(type), std::move(*endpoint)};
}

} // namespace

std::optional<ws_credentials> parse_ws_credentials(std::string_view text) {
    auto const document = parse(text);
    if (!document.is_object())
        return std::nullopt;
    auto identifier = text_of(document, "clientIdentifier");
    auto passkey = text_of(document, "clientPasskey");
    if (integer_of(document, "authVersion") != 1 || !identifier || !passkey ||
        identifier->size() > longest_credential || passkey->size() > longest_credential)
        return std::nullopt;
    return ws_credentials{std::move(*identifier), std::move(*passkey)};
}

std::optional<ws_message> parse_ws_message(std::string_view text) {
    auto const document = parse(text);
    if (!document.is_object())
        return std::nullopt;
    auto const type = text_of(document, "type").value_or("");
    if (type == "rpcCall")
        return parse_opening<ws_rpc_call>(document, "callId", "parameter");
    if (type == "channelCreate")
        return parse_opening<ws_channel_create>(document, "channelId", "creationParameter");
    if (type == "channelSend")
        return parse_channel_send(document);
    if (type == "channelAck")
        return parse_channel_ack(document);
    if (type == "signalSubscribe" || type == "writableSignalSubscribe")
        return parse_subscribe(document, type);
    if (type == "keepAlive")
        return ws_keep_alive{};
    if (type == "communicationWarning" || type == "signalUnsubscribe" ||
        type == "writableSignalUnsubscribe" || type == "writableSignalUpdate")
        return ws_notice{};
    return std::nullopt;
}

std::string ws_admitted() {
    json m;
    m["success"] = true;
    return compact(m);
}

std::string ws_rejected(std::string_view why) {
    json m;
    m["success"] = false;
    m["error"] = why;
    return compact(m);
}

std::string ws_rpc_result(std::int64_t id, std::optional<json> const& result) {
    auto m = message("rpcResult", "callId", id);
    if (result)
        m["result"] = *result;
    return compact(m);
}

std::string ws_rpc_error(std::int64_t id, json const& error) {
    auto m = message("rpcError", "callId", id);
    m["error"] = error;
    return compact(m);
}

std::string ws_channel_packet(std::int64_t id, json const& packet) {
    auto m = message("channelSend", "channelId", id);
    m["message"] = packet;
    return compact(m);
}

std::string ws_channel_close(std::int64_t id) {
    return compact(message("channelClose", "channelId", id));
}

std::string ws_channel_error(std::int64_t id, json const& error) {
    auto m = message("channelError", "channelId", id);
    m["error"] = error;
    return compact(m);
}

std::string ws_warning(std::string_view text) {
    auto m = message("communicationWarning");
    m["warning"] = text;
    return compact(m);
}

std::string ws_keep_alive_ack() {
    return compact(message("keepAliveAck"));
}

} // namespace secondwind::emulator
