#include "context.hpp"

#include "assets.hpp"

#include <utility>

namespace secondwind::admin {

namespace {

reply method_not_allowed(std::string_view allowed) {
    auto out = error_reply(405, "method_not_allowed",
                           std::string{"This path only supports "}.append(allowed).append("."));
    out.allow = allowed;
    return out;
}

} // namespace

net::task<reply> answer(context& shared, request request) {
    bool const reads = request.method == "GET" || request.method == "HEAD";
    if (auto const* const file = find_asset(request.path)) {
        if (!reads)
            co_return method_not_allowed("GET, HEAD");
        co_return asset_reply(*file, request.if_none_match);
    }
    if (request.path == "/metrics") {
        if (!reads)
            co_return method_not_allowed("GET, HEAD");
        reply out;
        out.content_type = "text/plain; version=0.0.4; charset=utf-8";
        out.body = shared.metrics.render(shared.events.subscribers());
        co_return out;
    }
    if (request.path == "/events") {
        if (request.method != "GET")
            co_return method_not_allowed("GET");
        co_return error_reply(400, "bad_request",
                              "Live events need a WebSocket: connect to this path with a client "
                              "for RFC 6455, version 13.");
    }
    if (request.path == "/lab") {
        if (request.method != "GET")
            co_return method_not_allowed("GET");
        co_return error_reply(400, "bad_request",
                              "The lease of a host needs a WebSocket: connect to this path with a "
                              "client for RFC 6455, version 13.");
    }
    co_return co_await shared.api.answer(std::move(request));
}

} // namespace secondwind::admin
