// For any request: if it is accepted, the request that is sent on must be accepted again, mean the
// same, and contain nothing about the client's connection or framing.
#include "target.hpp"

#include <secondwind/base/ascii.hpp>
#include <secondwind/http/head_scanner.hpp>
#include <secondwind/http/head_writer.hpp>
#include <secondwind/http/request_check.hpp>
#include <secondwind/policy/client_key.hpp>
#include <secondwind/policy/route.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace request_check_fuzz {
namespace {

using namespace secondwind::http;
using secondwind::fuzz::require;

// Scans in two pieces, which must give the same result as one.
decoder_state scan(std::string_view bytes, std::size_t cut, head_scanner& scanner) {
    auto const state = scanner.scan(bytes.substr(0, cut));
    return state == decoder_state::need_more ? scanner.scan(bytes) : state;
}

bool must_not_pass(field const& line, bool tunnel) {
    for (std::string_view const name :
         {"Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "TE",
          "Trailer", "HTTP2-Settings", "Expect"}) {
        if (secondwind::iequals(line.name, name)) {
            return true;
        }
    }
    if (secondwind::iequals(line.name, "Upgrade")) {
        return !tunnel;
    }
    if (secondwind::iequals(line.name, "Connection")) {
        return !tunnel || line.value != "Upgrade";
    }
    return false;
}

// The proxy's own fields may exceed a limit that the request itself met.
head_limits room_for(std::string const& rendered, request_head const& head) {
    head_limits limits;
    limits.head = rendered.size();
    limits.fields = head.fields.size() + 3;
    limits.target = head.target.size();
    return limits;
}

// The key and the host of a request; and the removal of these fields leaves none of them.
void check_choices(request_head const& head) {
    namespace policy = secondwind::policy;
    std::array<std::string_view, 2> const hosts{"first", "second"};
    auto const choice = policy::choice_in(head.fields);
    auto const routed = policy::route(choice, hosts, "second", true);
    require(routed.has_value() ==
            (choice.times == 0 ||
             (choice.times == 1 && (choice.name == hosts[0] || choice.name == hosts[1]))));
    if (routed)
        require(hosts[*routed] == (choice.times == 0 ? "second" : choice.name));
    auto const key = policy::presented_key(head.fields);
    require(!key || !key->empty());

    request_edit edit;
    edit.drop_credentials = true;
    edit.drop_host_choice = true;
    edit.no_host = "h";
    std::string rendered;
    render_request(rendered, head, {framing::none, 0}, edit);
    field_list fields;
    auto const stripped = check_request(rendered, room_for(rendered, head), fields);
    require(stripped.has_value());
    require(!policy::presented_key(stripped->fields));
    require(policy::choice_in(stripped->fields).times == 0);
}

void check_passing_on(request_head const& head, outgoing_body body) {
    request_edit edit;
    edit.no_host = "h";
    std::string rendered;
    render_request(rendered, head, body, edit);

    auto const roomy = room_for(rendered, head);
    head_scanner scanner{roomy};
    require(scanner.scan(rendered) == decoder_state::complete);
    require(scanner.begin() == 0 && scanner.end() == rendered.size());

    field_list fields;
    auto const again = check_request(rendered, roomy, fields);
    require(again.has_value());
    require(again->method == head.method && again->target == head.target);
    require(again->version == version::http11 && again->authority.empty());
    require(again->upgrade ==
            (head.upgrade == upgrade::websocket ? upgrade::websocket : upgrade::none));
    if (body.framing == framing::chunked) {
        require(again->framing == framing::chunked);
    } else {
        require(again->framing != framing::chunked && again->length == body.length);
    }
    for (auto const& line : again->fields) {
        require(!must_not_pass(line, head.upgrade == upgrade::websocket));
        if (secondwind::iequals(line.name, "Host") && !head.authority.empty()) {
            require(line.value == head.authority);
        }
    }

    // A second pass through the proxy changes nothing more.
    std::string twice;
    render_request(twice, *again, body);
    require(twice == rendered);
}

void test(std::uint8_t const* data, std::size_t size) {
    if (size == 0) {
        return;
    }
    std::string_view const bytes{reinterpret_cast<char const*>(data) + 1, size - 1};
    head_limits limits;
    limits.head = 4096;
    limits.fields = 30;
    limits.target = 1024;

    head_scanner whole{limits};
    head_scanner cut{limits};
    auto const state = whole.scan(bytes);
    require(state == scan(bytes, bytes.size() * data[0] / 256, cut));
    if (state == decoder_state::bad) {
        require(whole.fault().rule == cut.fault().rule);
        require(whole.fault().status == cut.fault().status);
    }
    field_list fields;
    if (state != decoder_state::complete) {
        // The check must work alone, even without the scanner before it.
        (void)check_request(bytes, limits, fields);
        return;
    }
    require(whole.begin() == cut.begin() && whole.end() == cut.end());

    auto const head =
        check_request(bytes.substr(whole.begin(), whole.end() - whole.begin()), limits, fields);
    if (!head) {
        require(!head.error().message.empty() && head.error().status >= 400);
        return;
    }
    require(head->framing != framing::until_close);
    check_choices(*head);
    check_passing_on(*head, {framing::none, 0});
    check_passing_on(*head, {framing::length, 17});
    if (head->version == version::http11) {
        check_passing_on(*head, {framing::chunked, 0});
    }
}

secondwind::fuzz::target const registered{"request_check", test};

} // namespace
} // namespace request_check_fuzz
