#include "message.hpp"

#include <secondwind/base/escape.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace secondwind::admin {

namespace {

std::string_view reason_of(int status) noexcept {
    switch (status) {
    case 200:
        return "OK";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    default:
        return "Error";
    }
}

constexpr std::string_view security_fields =
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n";

void add_field(std::string& head, std::string_view name, std::string_view value) {
    if (!value.empty())
        head.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

reply error_reply(int status, std::string_view code, std::string_view message) {
    reply out;
    out.status = status;
    out.body = R"({"error":{"code":")";
    append_escaped(out.body, code);
    out.body += R"(","message":")";
    append_escaped(out.body, message);
    out.body += "\"}}";
    return out;
}

bool read_target(std::string_view target, request& into) {
    auto const parsed = boost::urls::parse_origin_form({target.data(), target.size()});
    if (!parsed)
        return false;
    into.path = parsed->path();
    auto const query = parsed->encoded_query();
    into.query.assign(query.data(), query.size());
    return true;
}

std::string render_head(reply const& reply, bool keep_alive) {
    auto head = "HTTP/1.1 " + std::to_string(reply.status) + " ";
    head.append(reason_of(reply.status)).append("\r\n");
    if (reply.status != 304) {
        add_field(head, "Content-Type", reply.content_type);
        if (!reply.until_close)
            add_field(head, "Content-Length", std::to_string(reply.body.size()));
    }
    add_field(head, "Cache-Control", reply.etag.empty() ? "no-store" : "no-cache");
    add_field(head, "ETag", reply.etag);
    add_field(head, "Allow", reply.allow);
    for (auto const& each : reply.challenges)
        add_field(head, "WWW-Authenticate", each);
    if (reply.retry_after > 0)
        add_field(head, "Retry-After", std::to_string(reply.retry_after));
    add_field(head, "Connection", keep_alive ? "" : "close");
    return head.append(security_fields).append("\r\n");
}

} // namespace secondwind::admin
