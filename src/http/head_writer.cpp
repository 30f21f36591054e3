#include <secondwind/base/ascii.hpp>
#include <secondwind/http/head_writer.hpp>

#include "characters.hpp"
#include "field_name.hpp"
#include "field_reader.hpp"

#include <array>
#include <charconv>

namespace secondwind::http {

namespace {

// Room for the version, the fields that are added and the line ends, so that one reservation does.
constexpr std::size_t slack = 128;

void append_line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

// Most lines stand in the head just as they are sent, and next to each other: one copy does for all
// of them.
class field_copier {
public:
    explicit field_copier(std::string& out) noexcept : out_{out} {}

    // The line must be one of a head, which has a colon after each name and, perhaps after spaces,
    // a line end after each value.
    void copy(field const& line) {
        auto const* const colon = line.name.data() + line.name.size();
        auto const* const end = line.value.data() + line.value.size();
        if (line.value.data() != colon + 2 || colon[1] != ' ' || *end != '\r') {
            flush();
            append_line(out_, line.name, line.value);
            return;
        }
        if (line.name.data() != end_) {
            flush();
            begin_ = line.name.data();
        }
        end_ = end + 2;
    }

    // To be called before anything else is written.
    void flush() {
        if (begin_ != end_) {
            out_.append(begin_, static_cast<std::size_t>(end_ - begin_));
            begin_ = end_;
        }
    }

private:
    std::string& out_;
    // The lines that wait to be copied.
    char const* begin_ = nullptr;
    char const* end_ = nullptr;
};

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits; // NOLINT(cppcoreguidelines-pro-type-member-init): written below
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_length(std::string& out, std::string_view name, std::uint64_t length) {
    out.append(name).append(": ");
    append_number(out, length);
    out.append("\r\n");
}

void append_framing(std::string& out, request_head const& head, outgoing_body body) {
    if (body.framing == framing::chunked) {
        out.append("Transfer-Encoding: chunked\r\n");
        return;
    }
    if (body.framing == framing::length && body.length > 0) {
        append_length(out, "Content-Length", body.length);
        return;
    }
    // A method that expects a body says that there is none (RFC 9110 section 8.6); the others stay
    // as bare as they came.
    if (head.framing != framing::none || head.method == "POST" || head.method == "PUT" ||
        head.method == "PATCH") {
        append_length(out, "Content-Length", 0);
    }
}

void append_status_line(std::string& out, response_head const& head) {
    // Our own version, not the host's (RFC 9110 section 2.5).
    std::array<char, 14> begin{"HTTP/1.1 000 "};
    begin[9] = static_cast<char>('0' + head.status / 100);
    begin[10] = static_cast<char>('0' + head.status / 10 % 10);
    begin[11] = static_cast<char>('0' + head.status % 10);
    out.append(begin.data(), begin.size() - 1).append(head.reason).append("\r\n");
}

// Writes the fields of an answer that say where its body ends.
class answer_framing {
public:
    answer_framing(std::string& out, field_copier& lines, response_head const& head) noexcept
        : out_{out}, lines_{lines}, head_{head}, forbidden_{head.interim() || head.status == 204} {}

    void write_length(field const& line) {
        // A 1xx or 204 must not have one (RFC 9110 section 8.6), and equal ones become one. In the
        // answer to a HEAD it was not judged, so it only passes if it can be understood.
        bool const single = parse_length(line.value).has_value();
        if (forbidden_ || has_length_ || (!single && head_.framing != framing::length)) {
            return;
        }
        has_length_ = true;
        if (single) {
            lines_.copy(line);
        } else {
            lines_.flush();
            append_length(out_, line.name, head_.length);
        }
    }

    void write_coding(field const& line) {
        if (forbidden_ || has_coding_ || !iequals(line.value, "chunked")) {
            return;
        }
        has_coding_ = true;
        lines_.copy(line);
    }

private:
    std::string& out_;
    field_copier& lines_;
    response_head const& head_;
    bool forbidden_;
    bool has_length_ = false;
    bool has_coding_ = false;
};

} // namespace

void render_request(std::string& out, request_head const& head, outgoing_body body,
                    request_edit const& edit) {
    connection_options const options{head.fields};
    auto const authority = edit.host.empty() ? head.authority : edit.host;
    out.reserve(out.size() + head.method.size() + head.target.size() + authority.size() +
                options.bytes() + edit.extra.size() + slack);
    out.append(head.method).append(" ").append(head.target);
    out.append(head.version == version::http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");

    bool const tunnel = head.upgrade == upgrade::websocket;
    bool has_host = false;
    field_copier lines{out};
    for (auto const& line : head.fields) {
        auto const meaning = recognise(line.name);
        switch (meaning) {
        case field_name::host:
            has_host = true;
            if (authority.empty()) {
                lines.copy(line);
            } else {
                lines.flush();
                append_line(out, line.name, authority);
            }
            break;
        case field_name::content_length:
        case field_name::transfer_encoding:
        case field_name::expect:
            break;
        case field_name::upgrade:
            if (tunnel) {
                lines.copy(line);
            }
            break;
        case field_name::credentials:
            if (!edit.drop_credentials) {
                lines.copy(line);
            }
            break;
        case field_name::host_choice:
            if (!edit.drop_host_choice && !options.holds_back(line, meaning)) {
                lines.copy(line);
            }
            break;
        default:
            if (!options.holds_back(line, meaning)) {
                lines.copy(line);
            }
        }
    }
    lines.flush();
    if (!has_host && !authority.empty()) {
        append_line(out, "Host", authority);
    }

    append_framing(out, head, body);
    if (tunnel) {
        out.append("Connection: Upgrade\r\n");
    } else if (head.version == version::http10) {
        out.append("Connection: close\r\n");
    }
    out.append(edit.extra).append("\r\n");
}

void render_response(std::string& out, response_head const& head, persistence connection,
                     std::string_view extra) {
    connection_options const options{head.fields};
    out.reserve(out.size() + head.reason.size() + options.bytes() + extra.size() + slack);
    append_status_line(out, head);

    field_copier lines{out};
    answer_framing framing{out, lines, head};
    for (auto const& line : head.fields) {
        auto const meaning = recognise(line.name);
        if (meaning == field_name::content_length) {
            framing.write_length(line);
        } else if (meaning == field_name::transfer_encoding) {
            framing.write_coding(line);
        } else if (!options.holds_back(line, meaning)) {
            lines.copy(line);
        }
    }
    lines.flush();

    if (connection == persistence::keep_http10) {
        out.append("Connection: keep-alive\r\n");
    } else if (connection == persistence::close) {
        out.append("Connection: close\r\n");
    }
    out.append(extra).append("\r\n");
}

void render_switching(std::string& out, response_head const& head) {
    connection_options const options{head.fields};
    out.reserve(out.size() + head.reason.size() + options.bytes() + slack);
    append_status_line(out, head);
    field_copier lines{out};
    for (auto const& line : head.fields) {
        auto const meaning = recognise(line.name);
        // No 1xx has a body, so nothing may speak of one.
        bool const framed =
            meaning == field_name::content_length || meaning == field_name::transfer_encoding;
        if (meaning == field_name::upgrade || (!framed && !options.holds_back(line, meaning))) {
            lines.copy(line);
        }
    }
    lines.flush();
    out.append("Connection: Upgrade\r\n\r\n");
}

} // namespace secondwind::http
