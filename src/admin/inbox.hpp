// The requests of one connection, as Beast reads them.
#pragma once

#include "connection.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::admin {

class connection::inbox {
public:
    using message = boost::beast::http::request<boost::beast::http::string_body>;

    explicit inbox(net::stream& from) : socket_{from}, buffer_{largest_buffer} {
        buffer_.reserve(read_size);
    }

    // Bytes of the next request have come along with the last one.
    bool has_more() const noexcept { return buffer_.size() != 0; }

    net::task<net::error_code> read_head();
    net::task<net::error_code> read_body();

    // What follows holds from the head on.
    message& head() noexcept { return parser_->get(); }
    bool keeps_alive() const noexcept { return parser_->keep_alive(); }
    // All of it has come, as of a request without a body.
    bool is_whole() const noexcept { return parser_->is_done(); }
    bool is_too_large() const noexcept;
    bool expects_continue() const;
    // What no client of ours sends, and what could be read in two ways.
    bool is_malformed() const;
    // It asks for a WebSocket, in the form that there is a reply for.
    bool is_upgrade() const;

    std::string_view method() const { return view(parser_->get().method_string()); }
    std::string_view target() const { return view(parser_->get().target()); }
    std::optional<std::string_view> field(std::string_view name) const;
    std::string take_body() { return std::move(parser_->get().body()); }

    static constexpr std::size_t largest_head = 16 * 1024;
    static constexpr std::size_t largest_body = 64 * 1024;

private:
    // Beast reads 512 bytes at a time into a buffer that has no more room reserved.
    static constexpr std::size_t read_size = 4 * 1024;
    static constexpr std::size_t largest_buffer = 128 * 1024;

    static std::string_view view(boost::beast::string_view text) {
        return {text.data(), text.size()};
    }

    net::stream& socket_;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
};

} // namespace secondwind::admin
