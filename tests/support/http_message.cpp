#include "support/http_message.hpp"

#include <charconv>
#include <stdexcept>

#include <strings.h>

namespace secondwind::test {

namespace {

bool same_name(std::string const& a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), b.size()) == 0;
}

std::string trimmed(std::string_view text) {
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return std::string{text.substr(first, text.find_last_not_of(" \t") - first + 1)};
}

std::size_t number(std::string_view text, int base) {
    std::size_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size())
        throw std::runtime_error{"not a number: " + std::string{text}};
    return value;
}

std::optional<framing_of_message> explicit_framing(http_head const& head) {
    if (auto const coding = head.field("Transfer-Encoding");
        coding && same_name(*coding, "chunked"))
        return framing_of_message{body_framing::chunked, 0};
    if (auto const length = head.field("Content-Length"))
        return framing_of_message{body_framing::length, number(*length, 10)};
    return std::nullopt;
}

} // namespace

std::optional<std::string> http_head::field(std::string_view name) const {
    for (auto const& [key, value] : fields)
        if (same_name(key, name))
            return value;
    return std::nullopt;
}

std::size_t http_head::count(std::string_view name) const {
    std::size_t n = 0;
    for (auto const& entry : fields)
        n += same_name(entry.first, name) ? 1U : 0U;
    return n;
}

http_head parse_http_head(std::string text) {
    http_head head;
    head.text = std::move(text);
    std::string_view rest = head.text;
    for (bool first = true; !rest.empty(); first = false) {
        auto const end = rest.find("\r\n");
        auto const line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
        if (first) {
            head.first_line = line;
        } else if (!line.empty()) {
            auto const colon = line.find(':');
            if (colon == std::string_view::npos)
                throw std::runtime_error{"a field without a colon: " + std::string{line}};
            head.fields.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
        }
    }
    return head;
}

framing_of_message request_framing(http_head const& head) {
    return explicit_framing(head).value_or(framing_of_message{});
}

framing_of_message answer_framing(http_head const& head, int status, bool without_body) {
    if (without_body || status / 100 == 1 || status == 204 || status == 304)
        return {};
    return explicit_framing(head).value_or(framing_of_message{body_framing::until_close, 0});
}

int status_of(http_head const& head) {
    auto const space = head.first_line.find(' ');
    if (space == std::string::npos)
        return 0;
    int status = 0;
    auto const* begin = head.first_line.data() + space + 1;
    std::from_chars(begin, head.first_line.data() + head.first_line.size(), status);
    return status;
}

chunked_body decode_chunked(std::string_view input) {
    chunked_body body;
    std::size_t at = 0;
    for (;;) {
        auto const line = input.find("\r\n", at);
        if (line == std::string_view::npos)
            return body;
        auto const size_text = input.substr(at, line - at);
        auto const size = number(size_text.substr(0, size_text.find(';')), 16);
        at = line + 2;
        if (size == 0)
            break;
        if (input.size() < at + size + 2) {
            body.data += input.substr(at, size);
            return body;
        }
        if (input.substr(at + size, 2) != "\r\n")
            throw std::runtime_error{"a chunk is longer than its size"};
        body.chunks.emplace_back(input.substr(at, size));
        body.data += body.chunks.back();
        at += size + 2;
    }
    // The rest is trailer lines up to an empty one.
    for (;;) {
        auto const line = input.find("\r\n", at);
        if (line == std::string_view::npos)
            return body;
        bool const empty = line == at;
        at = line + 2;
        if (empty) {
            body.size = at;
            return body;
        }
    }
}

} // namespace secondwind::test
