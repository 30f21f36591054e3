#include "plain_http.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace secondwind::fuzz {

namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != npos;
    });
}

bool has_control(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 32 && c != '\t') || c == 127;
    });
}

std::optional<std::size_t> number(std::string_view text, int base) {
    std::size_t value = 0;
    if (text.empty() || text.size() > 16)
        return std::nullopt;
    auto const end = text.data() + text.size();
    auto const [at, ec] = std::from_chars(text.data(), end, value, base);
    if (ec != std::errc{} || at != end || value >> 62 != 0)
        return std::nullopt;
    return value;
}

// The fields of a head, whose last line is the empty one; false where one is malformed.
bool read_fields(std::string_view lines, message& out) {
    while (lines != "\r\n") {
        auto const end = lines.find("\r\n");
        auto const line = lines.substr(0, end);
        auto const colon = line.find(':');
        if (colon == npos || !is_token(line.substr(0, colon)) || has_control(line))
            return false;
        out.fields.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
        lines.remove_prefix(end + 2);
    }
    return true;
}

// The length that a message tells; equal ones in a list or in lines are one where `repeated` may
// be. Nothing where it is malformed.
std::optional<std::size_t> length_of(message const& m, bool repeated) {
    std::optional<std::size_t> length;
    for (auto const& [name, value] : m.fields) {
        if (!same_word(name, "Content-Length"))
            continue;
        std::string_view rest = value;
        for (bool more = true; more;) {
            auto const comma = repeated ? rest.find(',') : npos;
            auto digits = trim(rest.substr(0, comma));
            while (digits.size() > 1 && digits.front() == '0')
                digits.remove_prefix(1);
            auto const found = number(digits, 10);
            if (!found || (length && (!repeated || *length != *found)))
                return std::nullopt;
            length = found;
            more = comma != npos;
            rest.remove_prefix(more ? comma + 1 : 0);
        }
    }
    return length;
}

// Whether lines that have not all come yet may still be fields.
bool may_become_fields(std::string_view lines) {
    for (;;) {
        auto const end = lines.find("\r\n");
        auto line = lines.substr(0, end);
        if (end == npos && line.ends_with('\r'))
            line.remove_suffix(1);
        auto const colon = line.find(':');
        if (has_control(line) || (end != npos && colon == npos) ||
            (!is_token(line.substr(0, colon)) && !(end == npos && line.empty())))
            return false;
        if (end == npos)
            return true;
        lines.remove_prefix(end + 2);
    }
}

// Moves out.size behind what is well-formed of the chunks.
reading read_chunks(std::string_view bytes, message& out) {
    for (;;) {
        auto const rest = bytes.substr(out.size);
        auto const end = rest.find("\r\n");
        auto const line = rest.substr(0, end);
        auto const digits = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
        // A CR that is the last byte may become a line end yet.
        auto const whole =
            end == npos && line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
        auto const behind = trim(whole.substr(std::min(digits, whole.size())));
        if (has_control(whole) || digits > 16 || (digits == 0 && !whole.empty()) ||
            (!behind.empty() && behind.front() != ';'))
            return reading::malformed;
        if (end == npos)
            return reading::incomplete;
        auto const size = number(line.substr(0, digits), 16);
        if (!size)
            return reading::malformed;
        if (*size == 0) {
            auto const trailers = rest.substr(end);
            auto const last = trailers.find("\r\n\r\n");
            if (last == npos)
                return may_become_fields(trailers.substr(2)) ? reading::incomplete
                                                             : reading::malformed;
            message scratch;
            if (!read_fields(trailers.substr(2, last + 2), scratch))
                return reading::malformed;
            out.trailers = out.size + end + 2;
            out.size += end + last + 4;
            return reading::complete;
        }
        auto const data = rest.substr(end + 2);
        out.body.append(data.substr(0, *size));
        if (data.size() < *size + 2)
            return data.size() > *size && data[*size] != '\r' ? reading::malformed
                                                              : reading::incomplete;
        if (data.substr(*size, 2) != "\r\n")
            return reading::malformed;
        out.size += end + 2 + *size + 2;
    }
}

reading read_body(std::string_view bytes, std::size_t length, bool closed, message& out) {
    auto const rest = bytes.substr(out.size);
    switch (out.framing) {
    case framing::none:
        return reading::complete;
    case framing::chunked:
        return read_chunks(bytes, out);
    case framing::length:
        out.body = rest.substr(0, length);
        out.size += out.body.size();
        return out.body.size() == length ? reading::complete : reading::incomplete;
    case framing::until_close:
        out.body = rest;
        out.size += rest.size();
        return closed ? reading::complete : reading::incomplete;
    }
    return reading::malformed;
}

// Splits the head off; `line` is its first line, without the line end.
reading read_head(std::string_view bytes, std::string_view& line, message& out) {
    auto const end = bytes.find("\r\n\r\n");
    if (end == npos)
        return reading::incomplete;
    auto const head = bytes.substr(0, end + 4);
    auto const first = head.find("\r\n");
    line = head.substr(0, first);
    if (has_control(line) || !read_fields(head.substr(first + 2), out))
        return reading::malformed;
    out.head_size = out.size = head.size();
    return reading::complete;
}

} // namespace

reading read_request(std::string_view bytes, message& out) {
    out = {};
    auto const empty_line = bytes.starts_with("\r\n") ? std::size_t{2} : 0;
    bytes.remove_prefix(empty_line);
    std::string_view line;
    if (auto const head = read_head(bytes, line, out); head != reading::complete)
        return head;
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    if (first == npos || last <= first + 1)
        return reading::malformed;
    auto const version = line.substr(last + 1);
    out.method = line.substr(0, first);
    out.target = line.substr(first + 1, last - first - 1);
    out.http10 = version == "HTTP/1.0";
    if (!is_token(out.method) || out.target.find_first_of(" \t") != npos || version.size() != 8 ||
        !version.starts_with("HTTP/1.") || !is_digit(version[7]))
        return reading::malformed;

    auto const lengths = out.count("Content-Length");
    auto const codings = out.count("Transfer-Encoding");
    auto const length = length_of(out, false);
    if (lengths + codings > 1 || (lengths == 1 && !length) || (out.http10 && codings > 0) ||
        (codings > 0 && !same_word(out.value("Transfer-Encoding"), "chunked")))
        return reading::malformed;
    out.framing = codings > 0 ? framing::chunked : lengths > 0 ? framing::length : framing::none;
    auto const body = read_body(bytes, length.value_or(0), false, out);
    out.head_size += empty_line;
    out.size += empty_line;
    return body;
}

reading read_answer(std::string_view bytes, bool bodiless, bool closed, message& out) {
    out = {};
    std::string_view line;
    if (auto const head = read_head(bytes, line, out); head != reading::complete)
        return head;
    auto const status = number(line.substr(std::min<std::size_t>(9, line.size()), 3), 10);
    if (line.size() < 12 || !line.starts_with("HTTP/1.") || !is_digit(line[7]) || line[8] != ' ' ||
        !status || *status < 100 || (line.size() > 12 && line[12] != ' ')) {
        out.head_size = out.size = 0;
        return reading::malformed;
    }
    out.status = static_cast<int>(*status);
    out.reason = line.substr(std::min<std::size_t>(13, line.size()));
    out.http10 = line[7] == '0';
    bool const has_length = out.count("Content-Length") > 0;
    auto const codings = out.count("Transfer-Encoding");
    if (bodiless || out.status < 200 || out.status == 204 || out.status == 304) {
        // Others may go by either of the two.
        bool const ambiguous = out.status >= 200 && out.status != 204 && has_length && codings > 0;
        if (ambiguous)
            out.head_size = out.size = 0;
        return ambiguous ? reading::malformed : reading::complete;
    }

    auto const length = length_of(out, true);
    if ((has_length && (codings > 0 || !length)) || codings > 1 || (out.http10 && codings > 0) ||
        (codings > 0 && !same_word(out.value("Transfer-Encoding"), "chunked"))) {
        out.head_size = out.size = 0;
        return reading::malformed;
    }
    out.framing = codings > 0  ? framing::chunked
                  : has_length ? framing::length
                               : framing::until_close;
    return read_body(bytes, length.value_or(0), closed, out);
}

} // namespace secondwind::fuzz
