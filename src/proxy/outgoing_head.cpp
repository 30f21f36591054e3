#include "outgoing_head.hpp"

#include "loop.hpp"
#include <secondwind/config/address.hpp>
#include <secondwind/http/head_writer.hpp>

#include <string>

namespace secondwind::proxy {

void render_head(context const& shared, request& request, http::request_head const& head,
                 bool whole) {
    http::outgoing_body body{head.framing, head.length};
    if (head.framing == http::framing::chunked && whole)
        body = {http::framing::length, request.body.size()};
    auto extra =
        request.settings->request_id.add && request.made_id ? request.id_field() : std::string{};
    if (marks_requests(shared))
        extra.append("Via: 1.1 ").append(shared.pseudonym).append("\r\n");
    bool const keyed = !request.client.empty();
    http::request_edit edit;
    edit.drop_credentials = keyed;
    edit.drop_host_choice = !request.listener->host;
    std::string authority;
    if (request.host) {
        edit.host = request.host->pool.authority();
        // Only HTTP/1.0 does without a Host field, and the request goes up as HTTP/1.1.
        if (head.version == http::version::http10)
            authority = config::authority(request.host->upstream);
        edit.no_host = authority;
        if (auto const& token = request.host->upstream.api_token; keyed && !token.empty())
            extra += "Authorization: Bearer " + token + "\r\n";
    }
    edit.extra = extra;
    request.head.clear();
    http::render_request(request.head, head, body, edit);
    request.method_size = head.method.size();
    request.target_size = head.target.size();
}

void note_request_line(request& request, http::request_head const& head) {
    request.head.assign(head.method).append(1, ' ').append(head.target);
    request.method_size = head.method.size();
    request.target_size = head.target.size();
}

void render_again(context& shared, request& request) {
    auto const head = http::check_request(request.received, request.head_limits(), shared.fields);
    render_head(shared, request, *head, request.whole);
}

} // namespace secondwind::proxy
