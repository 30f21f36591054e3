#include <secondwind/base/ascii.hpp>
#include <secondwind/base/text_writer.hpp>
#include <secondwind/http/head_writer.hpp>

#include "characters.hpp"
#include "field_name.hpp"
#include "field_reader.hpp"

#include <array>

namespace secondwind::http {

namespace {

// Room for the version, the fields that are added and the line ends, so that one allocation does.
constexpr std::size_t slack = 128;

void put_line(text_writer& out, std::string_view name, std::string_view value) {
    out.put(name).put(": ").put(value).put("\r\n");
}

// Most lines are sent exactly as they are in the head, next to each other, so one copy is enough
// for all of them.
class field_copier {
public:
    explicit field_copier(text_writer& out) noexcept : out_{out} {}

    // The line must be one of a head, which has a colon after each name and, perhaps after spaces,
    // a line end after each value.
    void copy(field const& line) {
        auto const* const colon = line.name.data() + line.name.size();
        auto const* const end = line.value.data() + line.value.size();
        if (line.value.data() != colon + 2 || colon[1] != ' ' || *end != '\r') {
            flush();
            put_line(out_, line.name, line.value);
            return;
        }
        if (line.name.data() != end_) {
            flush();
            begin_ = line.name.data();
        }
        end_ = end + 2;
    }

    // Must be called before anything else is written.
    void flush() {
        if (begin_ != end_) {
            out_.put({begin_, static_cast<std::size_t>(end_ - begin_)});
            begin_ = end_;
        }
    }

private:
    text_writer& out_;
    // The lines to copy.
    char const* begin_ = nullptr;
    char const* end_ = nullptr;
};

// The fields of another secondwind between us and LM Studio are not ours: they are renamed, so that
// a client reads of each what it did.
void copy_of_host(text_writer& out, field_copier& lines, field const& line) {
    constexpr std::string_view ours = "X-Secondwind-";
    if (line.name.size() > ours.size() && to_lower(line.name[0]) == 'x' &&
        iequals(line.name.substr(0, ours.size()), ours)) {
        lines.flush();
        out.put("Upstream-");
    }
    lines.copy(line);
}

void put_length(text_writer& out, std::string_view name, std::uint64_t length) {
    out.put(name).put(": ").put(length).put("\r\n");
}

void put_framing(text_writer& out, request_head const& head, outgoing_body body) {
    if (body.framing == framing::chunked) {
        out.put("Transfer-Encoding: chunked\r\n");
        return;
    }
    if (body.framing == framing::length && body.length > 0) {
        put_length(out, "Content-Length", body.length);
        return;
    }
    // A method that expects a body must say that there is none (RFC 9110 section 8.6); the others
    // need nothing.
    if (head.framing != framing::none || head.method == "POST" || head.method == "PUT" ||
        head.method == "PATCH") {
        put_length(out, "Content-Length", 0);
    }
}

void put_status_line(text_writer& out, response_head const& head) {
    // Our own version, not the host's (RFC 9110 section 2.5).
    std::array<char, 14> begin{"HTTP/1.1 000 "};
    begin[9] = static_cast<char>('0' + head.status / 100);
    begin[10] = static_cast<char>('0' + head.status / 10 % 10);
    begin[11] = static_cast<char>('0' + head.status % 10);
    out.put({begin.data(), begin.size() - 1}).put(head.reason).put("\r\n");
}

// Writes the fields of an answer that say where its body ends.
class answer_framing {
public:
    answer_framing(text_writer& out, field_copier& lines, response_head const& head) noexcept
        : out_{out}, lines_{lines}, head_{head}, forbidden_{head.interim() || head.status == 204} {}

    void write_length(field const& line) {
        // A 1xx or 204 must not have one (RFC 9110 section 8.6), and equal ones become one. In the
        // answer to a HEAD it was not checked, so it is only passed on if it is valid.
        bool const single = parse_length(line.value).has_value();
        if (forbidden_ || has_length_ || (!single && head_.framing != framing::length)) {
            return;
        }
        has_length_ = true;
        if (single) {
            lines_.copy(line);
        } else {
            lines_.flush();
            put_length(out_, line.name, head_.length);
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
    text_writer& out_;
    field_copier& lines_;
    response_head const& head_;
    bool forbidden_;
    bool has_length_ = false;
    bool has_coding_ = false;
};

} // namespace

void render_request(std::string& to, request_head const& head, outgoing_body body,
                    request_edit const& edit) {
    connection_options const options{head.fields};
    auto authority = edit.host.empty() ? head.authority : edit.host;
    text_writer out{to, head.method.size() + head.target.size() + authority.size() +
                            edit.no_host.size() + options.bytes() + edit.extra.size() + slack};
    out.put(head.method).put(" ").put(head.target).put(" HTTP/1.1\r\n");

    bool const tunnel = head.upgrade == upgrade::websocket;
    bool has_host = false;
    field_copier lines{out};
    for (auto const& line : head.fields) {
        switch (line.meaning) {
        case field_name::host:
            has_host = true;
            if (authority.empty()) {
                lines.copy(line);
            } else {
                lines.flush();
                put_line(out, line.name, authority);
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
            if (!edit.drop_host_choice && !options.holds_back(line)) {
                lines.copy(line);
            }
            break;
        default:
            if (!options.holds_back(line)) {
                lines.copy(line);
            }
        }
    }
    lines.flush();
    if (!has_host && authority.empty()) {
        authority = edit.no_host;
    }
    if (!has_host && !authority.empty()) {
        put_line(out, "Host", authority);
    }

    put_framing(out, head, body);
    if (tunnel) {
        out.put("Connection: Upgrade\r\n");
    }
    out.put(edit.extra).put("\r\n");
}

void render_response(std::string& to, response_head const& head, persistence connection,
                     std::string_view extra, version client) {
    connection_options const options{head.fields};
    text_writer out{to, head.reason.size() + options.bytes() + extra.size() + slack};
    put_status_line(out, head);

    field_copier lines{out};
    answer_framing framing{out, lines, head};
    for (auto const& line : head.fields) {
        if (line.meaning == field_name::content_length) {
            framing.write_length(line);
        } else if (line.meaning == field_name::transfer_encoding) {
            if (client == version::http11) {
                framing.write_coding(line);
            }
        } else if (!options.holds_back(line)) {
            copy_of_host(out, lines, line);
        }
    }
    lines.flush();

    if (connection == persistence::keep_http10) {
        out.put("Connection: keep-alive\r\n");
    } else if (connection == persistence::close) {
        out.put("Connection: close\r\n");
    }
    out.put(extra).put("\r\n");
}

void render_switching(std::string& to, response_head const& head) {
    connection_options const options{head.fields};
    text_writer out{to, head.reason.size() + options.bytes() + slack};
    put_status_line(out, head);
    field_copier lines{out};
    for (auto const& line : head.fields) {
        auto const meaning = line.meaning;
        // A 1xx has no body, so no field may describe one.
        bool const framed =
            meaning == field_name::content_length || meaning == field_name::transfer_encoding;
        if (meaning == field_name::upgrade || (!framed && !options.holds_back(line))) {
            copy_of_host(out, lines, line);
        }
    }
    lines.flush();
    out.put("Connection: Upgrade\r\n\r\n");
}

} // namespace secondwind::http
