#include <secondwind/base/ascii.hpp>
#include <secondwind/http/response_head.hpp>

#include "characters.hpp"
#include "field_reader.hpp"

#include <spdlog/fmt/fmt.h>

#include <optional>
#include <string>

namespace secondwind::http {

namespace {

constexpr std::size_t usual_answer_fields = 32;

// The longest time that is plausible; a larger number only means "long".
constexpr std::uint64_t most_seconds = 24 * 60 * 60;

refusal refuse(std::string_view rule, std::string_view defect) {
    return refusal{
        502, rule,
        fmt::format("The host's response has {}; check the host's log, then try again.", defect)};
}

// "HTTP/1.1 200 OK" and CRLF; returns where the first field line begins.
std::optional<std::size_t> read_status_line(std::string_view head, response_head& out) noexcept {
    // At least "HTTP/1.x 200" and the two line ends.
    if (head.size() < 16 || !begins_with(head, "HTTP/1.") || !is_digit(head[7]) || head[8] != ' ') {
        return std::nullopt;
    }
    out.version = head[7] == '0' ? version::http10 : version::http11;
    if (head[9] == '0' || !is_digit(head[9]) || !is_digit(head[10]) || !is_digit(head[11])) {
        return std::nullopt;
    }
    out.status = (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
    std::size_t end = 12;
    // Servers that send no reason often omit the space as well; this is unambiguous.
    if (head[end] == ' ') {
        end = static_cast<std::size_t>(skip_value(head.data() + 13, head.data() + head.size()) -
                                       head.data());
        out.reason = head.substr(13, end - 13);
    }
    if (!begins_with(head.substr(end), "\r\n")) {
        return std::nullopt;
    }
    return end + 2;
}

int read_timeout(std::string_view value) noexcept {
    int seconds = -1;
    for_each_element(value, [&seconds](std::string_view parameter) {
        auto const equals = parameter.find('=');
        if (equals == std::string_view::npos ||
            !iequals(trim(parameter.substr(0, equals)), "timeout")) {
            return;
        }
        if (auto const number = parse_length(trim(parameter.substr(equals + 1)))) {
            seconds = static_cast<int>(*number < most_seconds ? *number : most_seconds);
        }
    });
    return seconds;
}

class answer_judge {
public:
    // A message without a body has no framing that could be wrong.
    answer_judge(response_head& out, bool bodiless) noexcept : out_{out}, bodiless_{bodiless} {}

    std::optional<fault> take(field const& line) noexcept;
    std::optional<fault> finish() noexcept;

private:
    std::optional<fault> take_length(std::string_view value) noexcept;
    std::optional<fault> take_coding(std::string_view value) noexcept;

    response_head& out_;
    bool bodiless_;
    bool has_length_ = false;
    bool has_coding_ = false;
    bool close_ = false;
    bool keep_alive_ = false;
};

std::optional<fault> answer_judge::take(field const& line) noexcept {
    switch (line.meaning) {
    case field_name::content_length:
        has_length_ = has_length_ || bodiless_;
        return bodiless_ ? std::nullopt : take_length(line.value);
    case field_name::transfer_encoding:
        has_coding_ = has_coding_ || bodiless_;
        return bodiless_ ? std::nullopt : take_coding(line.value);
    case field_name::connection:
        for_each_element(line.value, [this](std::string_view option) {
            close_ = close_ || iequals(option, "close");
            keep_alive_ = keep_alive_ || iequals(option, "keep-alive");
        });
        return std::nullopt;
    case field_name::keep_alive:
        out_.keep_alive_timeout = read_timeout(line.value);
        return std::nullopt;
    case field_name::content_type:
        if (out_.content_type.empty()) {
            out_.content_type = trim(line.value.substr(0, line.value.find(';')));
        }
        return std::nullopt;
    case field_name::content_encoding:
        if (!iequals(line.value, "identity")) {
            out_.content_encoding = line.value;
        }
        return std::nullopt;
    default:
        return std::nullopt;
    }
}

std::optional<fault> answer_judge::take_length(std::string_view value) noexcept {
    // Equal lengths, in several lines or in a list, count as one (RFC 9110 section 8.6).
    for (auto rest = value;;) {
        auto const comma = rest.find(',');
        auto const length = parse_length(trim(rest.substr(0, comma)));
        if (!length) {
            return fault{"content_length", "a Content-Length that is not a decimal number"};
        }
        if (has_length_ && *length != out_.length) {
            return fault{"content_lengths_differ", "two different lengths"};
        }
        has_length_ = true;
        out_.length = *length;
        if (comma == std::string_view::npos) {
            return std::nullopt;
        }
        rest.remove_prefix(comma + 1);
    }
}

std::optional<fault> answer_judge::take_coding(std::string_view value) noexcept {
    if (has_coding_ || !iequals(value, "chunked")) {
        return fault{"transfer_encoding",
                     "a Transfer-Encoding other than the single coding \"chunked\""};
    }
    has_coding_ = true;
    return std::nullopt;
}

std::optional<fault> answer_judge::finish() noexcept {
    bool const http11 = out_.version == version::http11;
    out_.keep_alive = !close_ && (http11 || keep_alive_);
    // 1xx and 204 have no body in any answer, and both fields are removed from them. Those of a
    // HEAD and of a 304 describe the body of a GET, and another proxy may go by either.
    bool const describes = !out_.interim() && out_.status != 204;
    if (bodiless_ && !(describes && has_length_ && has_coding_)) {
        return std::nullopt;
    }
    if (has_coding_ && !http11) {
        return fault{"transfer_encoding", "a Transfer-Encoding on HTTP/1.0"};
    }
    if (has_coding_ && has_length_) {
        return fault{"both_framings", "both a Content-Length and a Transfer-Encoding"};
    }
    if (has_coding_) {
        out_.framing = framing::chunked;
    } else if (has_length_) {
        out_.framing = framing::length;
    } else {
        out_.framing = framing::until_close;
        out_.keep_alive = false;
    }
    return std::nullopt;
}

} // namespace

boost::system::result<response_head, refusal>
check_response(std::string_view head, std::string_view request_method, field_list& fields) {
    fields.begin_head();
    if (!ends_with_empty_line(head)) {
        return refuse("head_end", "no empty line at the end of its head");
    }
    boost::system::result<response_head, refusal> result{response_head{}};
    auto& out = *result;
    auto const position = read_status_line(head, out);
    if (!position) {
        return refuse("status_line", "a malformed status line");
    }
    bool const bodiless = out.interim() || out.status == 204 || out.status == 304 ||
                          is_literal(request_method, "HEAD");

    fields.reserve(usual_answer_fields);
    field_reader reader{head, *position};
    answer_judge judge{out, bodiless};
    auto state = reader.next();
    for (; state == field_reader::state::field; state = reader.next()) {
        fields.push_back(reader.line());
        if (auto const wrong = judge.take(reader.line())) {
            return refuse(wrong->rule, wrong->message);
        }
    }
    if (state == field_reader::state::bad) {
        return refuse(reader.fault().rule, "a malformed field line");
    }
    if (auto const wrong = judge.finish()) {
        return refuse(wrong->rule, wrong->message);
    }
    out.fields = fields;
    return result;
}

} // namespace secondwind::http
