#include "connection_replies.hpp"

#include <string>

namespace secondwind::admin {

reply malformed_reply() {
    return error_reply(400, "bad_request",
                       "This is not a valid HTTP/1.1 request, or its head is larger than 16 KiB. "
                       "Send exactly one Host header, and a path that begins with \"/\".");
}

reply too_large_reply(std::size_t limit) {
    return error_reply(413, "too_large",
                       "The body is larger than " + std::to_string(limit / 1024) +
                           " KiB. This action does not need that much.");
}

reply too_many_subscribers_reply() {
    return error_reply(503, "too_many_subscribers",
                       "Too many clients receive live events. Close some of them, or raise "
                       "limits.event_subscribers.");
}

reply too_many_connections_reply() {
    return error_reply(503, "too_many_connections",
                       "This listener has too many connections, so those that have waited longest "
                       "for a complete request are closed. Close connections that are not needed, "
                       "and try again.");
}

reply probes_only_reply() {
    return error_reply(404, "not_found",
                       "This listener only answers GET and HEAD for /livez and /readyz. Everything "
                       "else is at admin.listen.");
}

reply https_only_reply() {
    return error_reply(400, "https_only", "This listener requires HTTPS: use https:// in the URL.");
}

} // namespace secondwind::admin
