#include <secondwind/http/replies.hpp>

#include <secondwind/base/json.hpp>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>

namespace secondwind::http {

namespace {

bool speaks_anthropic(std::string_view path) noexcept {
    constexpr std::string_view messages = "/v1/messages";
    if (!path.starts_with(messages)) {
        return false;
    }
    path.remove_prefix(messages.size());
    return path.empty() || path.front() == '/' || path.front() == '?';
}

std::string_view error_type(int status, bool anthropic) noexcept {
    if (anthropic && status == 401) {
        return "authentication_error";
    }
    if (anthropic && status == 429) {
        return "rate_limit_error";
    }
    return status < 500 ? "invalid_request_error" : "api_error";
}

std::string render_body(reply const& reply, std::string_view path) {
    // The two vendors send the members in this order.
    using json = nlohmann::ordered_json;
    bool const anthropic = speaks_anthropic(path);
    auto const type = error_type(reply.status, anthropic);
    json document;
    if (anthropic) {
        document = {{"type", "error"}, {"error", {{"type", type}, {"message", reply.message}}}};
    } else {
        document = {{"error", {{"message", reply.message}, {"type", type}, {"code", reply.code}}}};
    }
    return write_json(document);
}

} // namespace

std::string render_reply(reply const& reply, std::string_view path, bool close, bool head_only,
                         std::string_view extra) {
    auto const body = render_body(reply, path);
    auto out = fmt::format("HTTP/1.1 {} {}\r\n"
                           "Content-Type: application/json; charset=utf-8\r\n"
                           "Content-Length: {}\r\n",
                           reply.status, reason_phrase(reply.status), body.size());
    if (reply.status == 401) {
        out.append("WWW-Authenticate: Bearer\r\n"); // RFC 9110 section 11.6.1
    }
    if (reply.retry_after > 0) {
        out.append(fmt::format("Retry-After: {}\r\n", reply.retry_after));
    }
    if (close) {
        out.append("Connection: close\r\n");
    }
    out.append(extra).append("\r\n");
    if (!head_only) {
        out.append(body);
    }
    return out;
}

std::string render_error_event(reply const& reply, std::string_view path) {
    return event_of_error(render_body(reply, path), path);
}

std::string event_of_error(std::string_view body, std::string_view path) {
    bool const named = speaks_anthropic(path) || path == "/api/v1/chat";
    return fmt::format("{}data: {}\n\n", named ? "event: error\n" : "", body);
}

std::string_view reason_phrase(int status) noexcept {
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    case 508:
        return "Loop Detected";
    default:
        return "Unknown";
    }
}

} // namespace secondwind::http
