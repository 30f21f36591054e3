// For any bytes of a host: the end of an answer and its body do not depend on the pieces in which
// it arrives, and the head for the client describes the same end.
#include "target.hpp"

#include <secondwind/base/ascii.hpp>
#include <secondwind/http/head_scanner.hpp>
#include <secondwind/http/head_writer.hpp>
#include <secondwind/http/response_framer.hpp>
#include <secondwind/http/response_head.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace response_framer_fuzz {
namespace {

using namespace secondwind::http;
using secondwind::fuzz::require;

struct outcome {
    decoder_state before_close;
    decoder_state after_close;
    std::size_t taken = 0;
    std::string data;

    bool operator==(outcome const&) const = default;
};

outcome frame(response_head const& head, std::string_view body, std::size_t piece) {
    response_framer framer{head};
    response_framer runs{head};
    outcome result{};
    std::size_t taken_by_runs = 0;
    while (!body.empty()) {
        auto const part = body.substr(0, piece);
        body.remove_prefix(part.size());
        result.taken += framer.push(part);
        for (auto rest = part; !rest.empty() && runs.state() == decoder_state::need_more;) {
            auto const step = runs.push_run(rest);
            result.data += step.data;
            taken_by_runs += step.consumed;
            rest.remove_prefix(step.consumed);
        }
    }
    require(result.taken == taken_by_runs && framer.state() == runs.state());
    result.before_close = framer.state();
    result.after_close = framer.finish();
    require(result.after_close != decoder_state::need_more);
    return result;
}

void check_passing_on(response_head const& head, std::string_view method) {
    std::string rendered;
    render_response(rendered, head, persistence::keep, "X-Extra: 1\r\n");
    field_list fields;
    auto const again = check_response(rendered, method, fields);
    require(again.has_value());
    require(again->status == head.status && again->reason == head.reason);
    require(again->framing == head.framing && again->length == head.length);
    for (auto const& line : again->fields) {
        require(!secondwind::iequals(line.name, "Connection") &&
                !secondwind::iequals(line.name, "Keep-Alive") &&
                !secondwind::iequals(line.name, "Upgrade") &&
                !secondwind::iequals(line.name, "Trailer"));
    }
}

void test(std::uint8_t const* data, std::size_t size) {
    if (size == 0) {
        return;
    }
    // The first byte chooses how the rest is split.
    auto const piece = std::size_t{data[0] & 0x7fU} + 1;
    std::string_view const method = (data[0] & 0x80U) != 0 ? "HEAD" : "POST";
    std::string_view const bytes{reinterpret_cast<char const*>(data) + 1, size - 1};

    head_scanner whole{{}, head_scanner::side::answer};
    auto const state = whole.scan(bytes);
    head_scanner slow{{}, head_scanner::side::answer};
    auto slow_state = decoder_state::need_more;
    for (std::size_t end = 0; end < bytes.size() && slow_state == decoder_state::need_more;) {
        end = std::min(bytes.size(), end + piece);
        slow_state = slow.scan(bytes.substr(0, end));
    }
    require(state == slow_state);
    field_list fields;
    if (state != decoder_state::complete) {
        (void)check_response(bytes, method, fields);
        return;
    }
    require(whole.end() == slow.end());

    auto const head = check_response(bytes.substr(0, whole.end()), method, fields);
    if (!head) {
        require(head.error().status == 502);
        return;
    }
    check_passing_on(*head, method);
    auto const body = bytes.substr(whole.end());
    auto const at_once = frame(*head, body, body.size() + 1);
    require(at_once == frame(*head, body, piece));
    require(at_once == frame(*head, body, 1));
    require(at_once.taken <= body.size());
}

secondwind::fuzz::target const registered{"response_framer", test};

} // namespace
} // namespace response_framer_fuzz
