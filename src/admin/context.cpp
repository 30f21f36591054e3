#include "context.hpp"

#include "assets.hpp"

#include <utility>

namespace secondwind::admin {

namespace {

reply only(std::string_view methods) {
    auto r = error_reply(405, "method_not_allowed",
                         "This can only be read: ask with " + std::string{methods} + ".");
    r.allow = methods;
    return r;
}

} // namespace

net::task<reply> answer(context& shared, request asked) {
    bool const reads = asked.method == "GET" || asked.method == "HEAD";
    if (auto const* const file = find_asset(asked.path)) {
        if (!reads)
            co_return only("GET, HEAD");
        co_return asset_reply(*file, asked.if_none_match);
    }
    if (asked.path == "/metrics") {
        if (!reads)
            co_return only("GET, HEAD");
        reply r;
        r.content_type = "text/plain; version=0.0.4; charset=utf-8";
        r.body = shared.figures.render(shared.live.followers());
        co_return r;
    }
    if (asked.path == "/events") {
        if (asked.method != "GET")
            co_return only("GET");
        co_return error_reply(400, "bad_request",
                              "Events are told over a WebSocket: connect to this path with one, "
                              "version 13 (RFC 6455).");
    }
    auto said = co_await shared.documents.answer(std::move(asked));
    co_return said;
}

} // namespace secondwind::admin
