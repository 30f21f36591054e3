// Reads the requests of one connection with Beast's parser.
#pragma once

#include <secondwind/net/stream.hpp>
#include <secondwind/net/task.hpp>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::admin {

class request_reader {
public:
    using message = boost::beast::http::request<boost::beast::http::string_body>;

    static constexpr std::size_t largest_head = 16 * 1024;
    static constexpr std::size_t largest_body = 64 * 1024;       // of most actions
    static constexpr std::size_t largest_document = 1024 * 1024; // of what the lab publishes

    // `socket` must outlive it.
    explicit request_reader(net::stream& socket) : socket_{socket}, buffer_{largest_buffer} {
        buffer_.reserve(read_size);
    }

    // The buffer already contains bytes of the next request.
    bool has_more() const noexcept { return buffer_.size() != 0; }

    net::task<net::error_code> read_head();
    net::task<net::error_code> read_body(std::size_t limit);

    // The functions below are valid once the head has been read.
    message& head() noexcept { return parser_->get(); }
    bool keeps_alive() const noexcept { return parser_->keep_alive(); }
    bool is_complete() const noexcept { return parser_->is_done(); }
    bool is_too_large(std::size_t limit) const noexcept;
    bool expects_continue() const;
    // Violates a rule of HTTP that Beast does not check, or is ambiguous.
    bool is_malformed() const;
    // A valid request for a WebSocket.
    bool is_upgrade() const;

    std::string_view method() const { return view(parser_->get().method_string()); }
    std::string_view target() const { return view(parser_->get().target()); }
    std::optional<std::string_view> field(std::string_view name) const;
    std::string take_body() { return std::move(parser_->get().body()); }

private:
    // Without reserved space Beast reads only 512 bytes at a time.
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
