#include <secondwind/http/head_writer.hpp>

#include "characters.hpp"
#include "connection_options.hpp"
#include "field_name.hpp"
#include "field_reader.hpp"

#include <array>
#include <charconv>

namespace secondwind::http {

namespace {

// Room for the version, the fields that are added and the line ends, so that one reservation does.
constexpr std::size_t slack = 128;

void append_line(std::string& out, std::string_view name, std::string_view value) {
    // Most lines stand in the head just as they are sent: one copy does instead of three.
    auto const* const end = name.data() + name.size();
    if (value.data() == end + 2 && end[0] == ':' && end[1] == ' ') {
        out.append(name.data(), name.size() + 2 + value.size());
    } else {
        out.append(name).append(": ").append(value);
    }
    out.append("\r\n");
}

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
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(head.status));
    out.append(" ").append(head.reason).append("\r\n");
}

// Writes the fields of an answer that say where its body ends.
class answer_framing {
public:
    explicit answer_framing(response_head const& head) noexcept
        : head_{head}, forbidden_{head.interim() || head.status == 204} {}

    void write_length(std::string& out, field const& line) {
        // A 1xx or 204 must not have one (RFC 9110 section 8.6), and equal ones become one. In the
        // answer to a HEAD it was not judged, so it only passes if it can be understood.
        bool const single = parse_length(line.value).has_value();
        if (forbidden_ || has_length_ || (!single && head_.framing != framing::length)) {
            return;
        }
        has_length_ = true;
        if (single) {
            append_line(out, line.name, line.value);
        } else {
            append_length(out, line.name, head_.length);
        }
    }

    void write_coding(std::string& out, field const& line) {
        if (forbidden_ || has_coding_ || !iequals(line.value, "chunked")) {
            return;
        }
        has_coding_ = true;
        append_line(out, line.name, line.value);
    }

private:
    response_head const& head_;
    bool forbidden_;
    bool has_length_ = false;
    bool has_coding_ = false;
};

} // namespace

void render_request(std::string& out, request_head const& head, outgoing_body body,
                    std::string_view host) {
    connection_options const options{head.fields};
    auto const authority = host.empty() ? head.authority : host;
    out.reserve(out.size() + head.method.size() + head.target.size() + authority.size() +
                options.bytes() + slack);
    out.append(head.method).append(" ").append(head.target);
    out.append(head.version == version::http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");

    bool const tunnel = head.upgrade == upgrade::websocket;
    bool has_host = false;
    for (auto const& line : head.fields) {
        auto const meaning = recognise(line.name);
        switch (meaning) {
        case field_name::host:
            has_host = true;
            append_line(out, line.name, authority.empty() ? line.value : authority);
            break;
        case field_name::content_length:
        case field_name::transfer_encoding:
        case field_name::expect:
            break;
        case field_name::upgrade:
            if (tunnel) {
                append_line(out, line.name, line.value);
            }
            break;
        default:
            if (!options.holds_back(line, meaning)) {
                append_line(out, line.name, line.value);
            }
        }
    }
    if (!has_host && !authority.empty()) {
        append_line(out, "Host", authority);
    }

    append_framing(out, head, body);
    if (tunnel) {
        out.append("Connection: Upgrade\r\n");
    } else if (head.version == version::http10) {
        out.append("Connection: close\r\n");
    }
    out.append("\r\n");
}

void render_response(std::string& out, response_head const& head, persistence connection,
                     std::string_view extra) {
    connection_options const options{head.fields};
    out.reserve(out.size() + head.reason.size() + options.bytes() + extra.size() + slack);
    append_status_line(out, head);

    answer_framing framing{head};
    for (auto const& line : head.fields) {
        auto const meaning = recognise(line.name);
        if (meaning == field_name::content_length) {
            framing.write_length(out, line);
        } else if (meaning == field_name::transfer_encoding) {
            framing.write_coding(out, line);
        } else if (!options.holds_back(line, meaning)) {
            append_line(out, line.name, line.value);
        }
    }

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
    for (auto const& line : head.fields) {
        auto const meaning = recognise(line.name);
        // No 1xx has a body, so nothing may speak of one.
        bool const framed =
            meaning == field_name::content_length || meaning == field_name::transfer_encoding;
        if (meaning == field_name::upgrade || (!framed && !options.holds_back(line, meaning))) {
            append_line(out, line.name, line.value);
        }
    }
    out.append("Connection: Upgrade\r\n\r\n");
}

} // namespace secondwind::http
