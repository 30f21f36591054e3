#include <secondwind/base/ascii.hpp>
#include <secondwind/http/request_check.hpp>

#include "characters.hpp"
#include "field_reader.hpp"
#include "request_line.hpp"

#include <optional>
#include <string>

namespace secondwind::http {

namespace {

// Most requests have fewer fields; the list grows once for those that have more.
constexpr std::size_t usual_fields = 32;

refusal refuse(request_fault const& wrong) {
    return refusal{wrong.status, wrong.fault.rule, std::string{wrong.fault.message}};
}

constexpr request_fault bad(std::string_view rule, std::string_view message) noexcept {
    return {400, {rule, message}};
}

// Collects the fields one by one, and checks them together at the end.
class field_judge {
public:
    explicit field_judge(request_head& out) noexcept : out_{out} {}

    // The rule that is broken, or nothing.
    std::optional<request_fault> take(field const& line) noexcept;
    std::optional<request_fault> finish() noexcept;

private:
    std::optional<request_fault> take_host(std::string_view value) noexcept;
    std::optional<request_fault> take_length(std::string_view value) noexcept;
    std::optional<request_fault> take_coding(std::string_view value) noexcept;
    void take_connection(std::string_view value) noexcept;

    request_head& out_;
    std::string_view upgrade_;
    unsigned hosts_ = 0;
    unsigned upgrades_ = 0;
    bool has_length_ = false;
    bool has_coding_ = false;
    bool unknown_coding_ = false;
    bool expects_ = false;
    bool close_ = false;
    bool keep_alive_ = false;
    bool upgrade_named_ = false;
};

std::optional<request_fault> field_judge::take(field const& line) noexcept {
    switch (line.meaning) {
    case field_name::host:
        return take_host(line.value);
    case field_name::content_length:
        return take_length(line.value);
    case field_name::transfer_encoding:
        return take_coding(line.value);
    case field_name::connection:
        take_connection(line.value);
        return std::nullopt;
    case field_name::upgrade:
        ++upgrades_;
        upgrade_ = line.value;
        return std::nullopt;
    case field_name::expect:
        if (!iequals(line.value, "100-continue")) {
            return request_fault{
                417,
                {"expectation",
                 "The only supported expectation is 100-continue; remove the Expect field."}};
        }
        expects_ = true;
        return std::nullopt;
    default:
        return std::nullopt;
    }
}

std::optional<request_fault> field_judge::take_host(std::string_view value) noexcept {
    if (++hosts_ > 1) {
        return bad("host_repeated", "The request has more than one Host field; send one.");
    }
    if (!is_host_and_port(value)) {
        return bad("host", "The Host field does not have the form host[:port]; correct it.");
    }
    return std::nullopt;
}

std::optional<request_fault> field_judge::take_length(std::string_view value) noexcept {
    // Equal lengths would be harmless, but a client that sends two has lost track of its framing.
    if (has_length_) {
        return bad("content_length_repeated",
                   "The request has more than one Content-Length; send one.");
    }
    auto const length = parse_length(value);
    if (!length) {
        return bad("content_length",
                   "The Content-Length is not a single decimal number; send the body's size in "
                   "bytes.");
    }
    has_length_ = true;
    out_.length = *length;
    return std::nullopt;
}

std::optional<request_fault> field_judge::take_coding(std::string_view value) noexcept {
    if (has_coding_ || !is_token(value)) {
        return bad("transfer_encoding", "The Transfer-Encoding is not the single coding "
                                        "\"chunked\"; send that or a Content-Length.");
    }
    has_coding_ = true;
    unknown_coding_ = !iequals(value, "chunked");
    return std::nullopt;
}

void field_judge::take_connection(std::string_view value) noexcept {
    for_each_element(value, [this](std::string_view option) {
        close_ = close_ || iequals(option, "close");
        keep_alive_ = keep_alive_ || iequals(option, "keep-alive");
        upgrade_named_ = upgrade_named_ || iequals(option, "upgrade");
    });
}

std::optional<request_fault> field_judge::finish() noexcept {
    bool const http11 = out_.version == version::http11;
    if (http11 && hosts_ == 0) {
        return bad("host_missing", "An HTTP/1.1 request needs a Host field; send one.");
    }
    if (has_coding_ && !http11) {
        return bad("transfer_encoding",
                   "HTTP/1.0 has no Transfer-Encoding; send a Content-Length, or HTTP/1.1.");
    }
    if (has_coding_ && has_length_) {
        return bad("both_framings", "The request has both a Content-Length and a "
                                    "Transfer-Encoding; send one of them.");
    }
    if (unknown_coding_) {
        return request_fault{501,
                             {"unknown_coding", "This transfer coding is not supported; send the "
                                                "body chunked or with a Content-Length."}};
    }
    if (has_coding_) {
        out_.framing = framing::chunked;
    } else if (has_length_) {
        out_.framing = framing::length;
    }
    out_.keep_alive = !close_ && (http11 || keep_alive_);
    // Without a body there is nothing to continue with, and HTTP/1.0 knows no 100 (RFC 9110
    // section 10.1.1).
    out_.expect_continue = expects_ && http11 && (has_coding_ || out_.length > 0);
    if (upgrades_ > 0) {
        bool const websocket = upgrades_ == 1 && http11 && upgrade_named_ && out_.method == "GET" &&
                               iequals(upgrade_, "websocket");
        out_.upgrade = websocket ? upgrade::websocket : upgrade::other;
    }
    return std::nullopt;
}

} // namespace

boost::system::result<request_head, refusal>
check_request(std::string_view head, head_limits const& limits, field_list& fields) {
    fields.begin_head();
    if (head.size() > limits.head) {
        return refuse({431,
                       {"head_too_large", "The head is too large; send fewer or shorter "
                                          "fields, or raise limits.head."}});
    }
    if (!ends_with_empty_line(head)) {
        return refuse(bad("head_end", "The head does not end with an empty line; send a complete "
                                      "head, with CRLF at the end of each line."));
    }
    boost::system::result<request_head, refusal> result{request_head{}};
    auto& out = *result;
    std::size_t position = 0;
    if (auto const wrong = read_request_line(head, limits.target, out, position)) {
        return refuse(*wrong);
    }

    fields.reserve(usual_fields);
    field_reader reader{head, position};
    field_judge judge{out};
    auto state = reader.next();
    for (; state == field_reader::state::field; state = reader.next()) {
        if (fields.size() == limits.fields) {
            return refuse({431,
                           {"too_many_fields", "The head has too many field lines; send "
                                               "fewer, or raise limits.fields."}});
        }
        fields.push_back(reader.line());
        if (auto const wrong = judge.take(reader.line())) {
            return refuse(*wrong);
        }
    }
    if (state == field_reader::state::bad) {
        return refuse({400, reader.fault()});
    }
    if (auto const wrong = judge.finish()) {
        return refuse(*wrong);
    }
    out.fields = fields;
    return result;
}

} // namespace secondwind::http
