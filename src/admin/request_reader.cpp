#include "request_reader.hpp"

#include <secondwind/base/base64.hpp>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <array>

namespace secondwind::admin {

namespace http = boost::beast::http;

net::task<net::error_code> request_reader::read_head() {
    parser_.emplace();
    parser_->header_limit(largest_head);
    // The size of the body is checked only once the client has been admitted.
    parser_->body_limit(boost::none);
    net::completion reading{[&](auto handler) {
        auto done = [h = std::move(handler)](net::error_code ec, std::size_t) mutable { h(ec); };
        http::async_read_header(socket_, buffer_, *parser_, std::move(done));
    }};
    auto const ec = co_await reading;
    co_return ec;
}

net::task<net::error_code> request_reader::read_body(std::size_t limit) {
    parser_->body_limit(limit);
    net::completion reading{[&](auto handler) {
        auto done = [h = std::move(handler)](net::error_code ec, std::size_t) mutable { h(ec); };
        http::async_read(socket_, buffer_, *parser_, std::move(done));
    }};
    auto const ec = co_await reading;
    co_return ec;
}

bool request_reader::is_too_large(std::size_t limit) const noexcept {
    auto const length = parser_->content_length();
    return length && *length > limit;
}

bool request_reader::expects_continue() const {
    auto const expected = field("Expect");
    return expected && boost::beast::iequals(*expected, "100-continue") &&
           parser_->get().version() == 11;
}

// Beast checks the syntax, but not these rules.
bool request_reader::is_malformed() const {
    auto const& head = parser_->get();
    bool const http11 = head.version() == 11;
    constexpr std::array once{"Host",           "Origin",         "Authorization",
                              "Content-Type",   "Sec-Fetch-Site", "Sec-Fetch-Mode",
                              "Content-Length", "If-None-Match"};
    for (auto const* name : once)
        if (head.count(name) > 1)
            return true;
    if (http11 && head.count(http::field::host) == 0)
        return true;
    // With an unknown coding, the end of the request could not be found.
    auto const coding = head.count(http::field::transfer_encoding);
    return coding > 1 ||
           (coding == 1 &&
            (!http11 || head.count(http::field::content_length) != 0 ||
             !boost::beast::iequals(head[http::field::transfer_encoding], "chunked")));
}

bool request_reader::is_upgrade() const {
    auto const& head = parser_->get();
    auto const key = field("Sec-WebSocket-Key");
    auto const decoded = key ? decode_base64(*key) : std::nullopt;
    return boost::beast::websocket::is_upgrade(head) && head["Sec-WebSocket-Version"] == "13" &&
           decoded && decoded->size() == 16 && is_complete() && !has_more();
}

std::optional<std::string_view> request_reader::field(std::string_view name) const {
    auto const& head = parser_->get();
    auto const found = head.find({name.data(), name.size()});
    if (found == head.end())
        return std::nullopt;
    return view(found->value());
}

} // namespace secondwind::admin
