#include "messages.hpp"
#include "suite.hpp"

#include <secondwind/http/head_scanner.hpp>
#include <secondwind/http/head_writer.hpp>
#include <secondwind/http/request_check.hpp>
#include <secondwind/http/response_head.hpp>

#include <memory>
#include <vector>

namespace secondwind::bench {

namespace {

using http::decoder_state;
using http::head_scanner;

constexpr std::uint64_t sdk_length = 1234;

void add_scanner(suite& parts, std::string const& name, std::string_view head,
                 head_scanner::side side) {
    parts.add(
        name, {head.size()},
        [head, side] {
            head_scanner scanner{http::head_limits{}, side};
            auto const state = scanner.scan(head);
            return std::pair{state, scanner.end()};
        },
        [head](auto const& found) {
            return found.first == decoder_state::complete && found.second == head.size();
        });
}

void add_check_request(suite& parts, std::string const& name, std::string_view head,
                       std::size_t fields, std::uint64_t length) {
    parts.add(
        name, {head.size()},
        [head, list = http::field_list{}]() mutable {
            return http::check_request(head, http::head_limits{}, list);
        },
        [fields, length](auto const& checked) {
            return checked && checked->fields.size() == fields && checked->length == length &&
                   checked->keep_alive && checked->target.starts_with("/v1/");
        });
}

void add_check_response(suite& parts, std::string const& name, std::string_view head,
                        std::size_t fields, http::framing framing) {
    parts.add(
        name, {head.size()},
        [head, list = http::field_list{}]() mutable {
            return http::check_response(head, "POST", list);
        },
        [fields, framing](auto const& checked) {
            return checked && checked->status == 200 && checked->fields.size() == fields &&
                   checked->framing == framing && checked->keep_alive_timeout == 5;
        });
}

// It lives as long as the program, because the parsed head points into its list.
http::field_list& list_for_ever() {
    static std::vector<std::unique_ptr<http::field_list>> all;
    return *all.emplace_back(std::make_unique<http::field_list>());
}

// All fields except those for this connection alone, and the body's length at the end.
void add_render_request(suite& parts, std::string const& name, std::string_view head,
                        std::size_t fields_sent, std::string_view last) {
    auto const checked = http::check_request(head, http::head_limits{}, list_for_ever());
    parts.add(
        name, {head.size()},
        [read = *checked, out = std::string{}]() mutable {
            out.clear();
            http::render_request(out, read, {read.framing, read.length});
            return std::string_view{out};
        },
        [fields_sent, last](std::string_view out) {
            http::field_list list;
            auto const sent = http::check_request(out, http::head_limits{}, list);
            return sent && list.size() == fields_sent && out.ends_with(last) &&
                   out.find("onnection:") == std::string_view::npos;
        });
}

void add_render_response(suite& parts, std::string const& name, std::string_view head,
                         std::size_t fields_sent) {
    auto const checked = http::check_response(head, "POST", list_for_ever());
    parts.add(
        name, {head.size()},
        [read = *checked, out = std::string{}]() mutable {
            out.clear();
            http::render_response(out, read, http::persistence::keep);
            return std::string_view{out};
        },
        [fields_sent](std::string_view out) {
            http::field_list list;
            auto const sent = http::check_response(out, "POST", list);
            return sent && list.size() == fields_sent && sent->keep_alive_timeout == -1;
        });
}

} // namespace

void add_http_heads(suite& parts) {
    using side = head_scanner::side;
    add_scanner(parts, "head_scanner/sdk_request", sdk_request, side::request);
    add_scanner(parts, "head_scanner/minimal_request", minimal_request, side::request);
    add_scanner(parts, "head_scanner/json_answer", json_answer, side::answer);

    add_check_request(parts, "check_request/sdk", sdk_request, sdk_request_fields, sdk_length);
    add_check_request(parts, "check_request/minimal", minimal_request, 1, 0);
    add_render_request(parts, "render_request/sdk", sdk_request, sdk_request_fields - 1,
                       "\r\nContent-Length: 1234\r\n\r\n");
    add_render_request(parts, "render_request/minimal", minimal_request, 1,
                       "\r\nHost: 127.0.0.1:1234\r\n\r\n");

    using http::framing;
    add_check_response(parts, "check_response/json", json_answer, json_answer_fields,
                       framing::length);
    add_check_response(parts, "check_response/stream", stream_answer, stream_answer_fields,
                       framing::chunked);
    add_render_response(parts, "render_response/json", json_answer, json_answer_fields - 2);
    add_render_response(parts, "render_response/stream", stream_answer, stream_answer_fields - 2);
}

} // namespace secondwind::bench
