#include "support/fault_transcript.hpp"

#include <algorithm>

namespace secondwind::test {

namespace {

constexpr std::string_view head_end = "\r\n\r\n";

// Takes the body from the front of `rest`; false if it is incomplete.
bool take_body(framing_of_message framing, std::string_view& rest, std::string& body) {
    if (framing.how == body_framing::none)
        return true;
    if (framing.how == body_framing::chunked) {
        auto decoded = decode_chunked(rest);
        body = std::move(decoded.data);
        rest.remove_prefix(decoded.size.value_or(rest.size()));
        return decoded.size.has_value();
    }
    auto const wanted =
        framing.how == body_framing::length ? framing.length : std::string_view::npos;
    body = rest.substr(0, wanted);
    rest.remove_prefix(body.size());
    return body.size() == wanted;
}

} // namespace

transcript read_transcript(std::string_view bytes, ending how) {
    transcript out;
    while (!bytes.empty()) {
        auto const end = bytes.find(head_end);
        if (end == std::string_view::npos) {
            out.half_a_head = bytes;
            break;
        }
        http_answer a;
        a.head = parse_http_head(std::string{bytes.substr(0, end + head_end.size())});
        a.status = status_of(a.head);
        if (!a.head.first_line.starts_with("HTTP/1.1 ") || a.status < 100)
            throw std::runtime_error{"not a status line: " + a.head.first_line};
        bytes.remove_prefix(end + head_end.size());
        if (a.status / 100 == 1 && a.status != 101) {
            ++out.interims;
            continue;
        }
        auto framing = answer_framing(a.head, a.status, false);
        if (a.status == 101)
            framing.how = body_framing::until_close;
        a.complete = take_body(framing, bytes, a.body);
        if (a.status == 101 || (framing.how == body_framing::until_close && how == ending::fin))
            a.complete = true;
        out.complete += a.complete ? 1U : 0U;
        out.answers.push_back(std::move(a));
    }
    return out;
}

std::size_t count_heads(std::string_view bytes) {
    std::size_t count = 0;
    for (;;) {
        auto const end = bytes.find(head_end);
        if (end == std::string_view::npos)
            return count;
        ++count;
        auto const head = parse_http_head(std::string{bytes.substr(0, end + head_end.size())});
        bytes.remove_prefix(end + head_end.size());
        std::string ignored;
        if (head.field("Upgrade") || !take_body(request_framing(head), bytes, ignored))
            return count;
    }
}

} // namespace secondwind::test
