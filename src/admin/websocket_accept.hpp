// What the WebSockets of the admin listener have in common.
#pragma once

#include "context.hpp"
#include "upgraded.hpp"
#include <secondwind/net/task.hpp>

#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream_base.hpp>

#include <cstddef>
#include <utility>

namespace secondwind::admin {

// Adapts our completion handler to Beast's signature.
template<class Handler>
auto without_size(Handler handler) {
    return [h = std::move(handler)](net::error_code ec, std::size_t) mutable { h(ec); };
}

// Answers the request for a WebSocket. Messages of the client may have up to largest_message
// bytes. False: the connection has failed.
template<class Stream>
net::task<bool> accept_websocket(Stream& stream, upgrade_request request, timeouts const& timeouts,
                                 std::size_t largest_message) {
    namespace websocket = boost::beast::websocket;
    stream.set_option(websocket::stream_base::timeout{timeouts.head, timeouts.pong, true});
    stream.set_option(websocket::stream_base::decorator{[](websocket::response_type& response) {
        response.set(boost::beast::http::field::cache_control, "no-store");
        response.set(boost::beast::http::field::server, "secondwind"); // Beast would name itself
    }});
    stream.read_message_max(largest_message);
    net::completion shaking{
        [&](auto handler) { stream.async_accept(request, std::move(handler)); }};
    auto const ec = co_await shaking;
    co_return !ec;
}

} // namespace secondwind::admin
