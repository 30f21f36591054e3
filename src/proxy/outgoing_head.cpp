#include "outgoing_head.hpp"

#include "loop.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/http/head_writer.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::proxy {

namespace {

// For this host, or for none. `more` is whole field lines.
std::string rendered(context const& shared, request const& request, host::host const* to,
                     http::request_head const& head, http::outgoing_body body,
                     std::string_view more = {}) {
    auto extra =
        request.settings->request_id.add && request.made_id ? request.id_field() : std::string{};
    if (marks_requests(shared))
        extra.append("Via: 1.1 ").append(shared.pseudonym).append("\r\n");
    bool const keyed = !request.client.empty();
    bool const shared_listener = !request.listener->host;
    bool const always =
        to != nullptr && shared_listener && to->upstream.use_token == config::token_use::always;
    http::request_edit edit;
    edit.drop_credentials = keyed || always;
    edit.drop_host_choice = shared_listener;
    std::string authority;
    if (to != nullptr) {
        edit.host = to->pool.authority();
        // Only HTTP/1.0 does without a Host field, and the request goes up as HTTP/1.1.
        if (head.version == http::version::http10)
            authority = config::authority(to->upstream);
        edit.no_host = authority;
        if (auto const& token = to->upstream.api_token; edit.drop_credentials && !token.empty())
            extra += "Authorization: Bearer " + token + "\r\n";
    }
    extra.append(more);
    edit.extra = extra;
    std::string out;
    http::render_request(out, head, body, edit);
    return out;
}

// True for a field that may keep a host from sending its answer whole and as it is.
bool narrows(http::field const& field) noexcept {
    constexpr std::array<std::string_view, 5> names{"accept-encoding", "if-none-match",
                                                    "if-modified-since", "range", "if-range"};
    return std::ranges::any_of(names, [&field](auto name) { return iequals(field.name, name); });
}

} // namespace

void render_head(context const& shared, request& request, http::request_head const& head,
                 bool whole) {
    http::outgoing_body body{head.framing, head.length};
    if (head.framing == http::framing::chunked && whole)
        body = {http::framing::length, request.body.size()};
    request.head = rendered(shared, request, request.host.get(), head, body);
    request.note_sizes(head);
}

void keep_received(request& request, http::request_head const& head, std::string_view bytes) {
    request.received = std::string{bytes};
    // Of an absolute URL, the target is only a part.
    if (head.target.data() != bytes.data() + head.method.size() + 1)
        request.head.assign(head.method).append(1, ' ').append(head.target);
    request.note_sizes(head);
}

void render_again(context& shared, request& request) {
    auto const head = http::check_request(request.received, request.head_limits(), shared.fields);
    render_head(shared, request, *head, request.whole);
}

void render_copies(context const& shared, request& request, http::request_head head) {
    std::vector<http::field> fields;
    std::ranges::remove_copy_if(head.fields, std::back_inserter(fields), narrows);
    head.fields = fields;
    for (auto const& each : shared.hosts)
        request.copies.push_back({each, rendered(shared, request, each.get(), head, {},
                                                 "Accept-Encoding: identity\r\n")});
}

} // namespace secondwind::proxy
