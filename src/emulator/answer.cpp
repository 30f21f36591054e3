#include "answer.hpp"

namespace secondwind::emulator {

namespace {

constexpr auto json_type = "application/json; charset=utf-8";

std::string dump(json const& document, int indent) {
    return document.dump(indent, ' ', false, json::error_handler_t::replace);
}

} // namespace

sse_event sse_event::typed(json const& document) {
    return {document.value("type", std::string{}), compact(document)};
}

std::string render(sse_event const& e) {
    std::string text;
    if (!e.name.empty())
        text.append("event: ").append(e.name).append("\n");
    return text.append("data: ").append(e.data).append("\n\n");
}

std::string compact(json const& document) {
    return dump(document, -1);
}

answer pretty(unsigned status, json const& document) {
    return {status, json_type, dump(document, 2)};
}

answer string_error(unsigned status, std::string_view text) {
    json document;
    document["error"] = text;
    return {status, json_type, compact(document)};
}

answer object_error(unsigned status, std::string_view message, json param, json code) {
    json document;
    auto& error = document["error"];
    error["message"] = message;
    error["type"] = "invalid_request_error";
    error["param"] = std::move(param);
    error["code"] = std::move(code);
    return {status, json_type, dump(document, 4)};
}

answer rest_error(unsigned status, std::string_view type, std::string_view message,
                  std::string_view code, std::string_view param) {
    json document;
    auto& error = document["error"];
    error["type"] = type;
    error["message"] = message;
    if (!code.empty())
        error["code"] = code;
    if (!param.empty())
        error["param"] = param;
    return {status, json_type, dump(document, 2)};
}

answer anthropic_error(unsigned status, std::string_view type, std::string_view message) {
    json document;
    document["type"] = "error";
    document["error"]["type"] = type;
    document["error"]["message"] = message;
    return {status, json_type, dump(document, 4)};
}

answer unexpected_endpoint(unsigned status, std::string_view method, std::string_view target) {
    std::string text = "Unexpected endpoint or method. (";
    text.append(method).append(" ").append(target).append(")");
    return string_error(status, text);
}

} // namespace secondwind::emulator
