#include <secondwind/http/response_head.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace secondwind::http {
namespace {

using namespace std::string_view_literals;

// The rule that was broken, or "".
std::string fault_of(std::string const& bytes, std::string_view method = "GET") {
    field_list fields;
    auto const result = check_response(bytes, method, fields);
    if (result) {
        return {};
    }
    EXPECT_EQ(result.error().status, 502);
    EXPECT_FALSE(result.error().message.empty());
    return std::string{result.error().rule};
}

std::string with_fields(std::string_view fields, std::string_view line = "HTTP/1.1 200 OK") {
    return std::string{line} + "\r\n" + std::string{fields} + "\r\n";
}

TEST(response_head, reads_a_status_line) {
    struct {
        std::string_view line;
        http::version version;
        int status;
        std::string_view reason;
    } const cases[] = {
        {"HTTP/1.1 200 OK", version::http11, 200, "OK"},
        {"HTTP/1.0 404 Not Found", version::http10, 404, "Not Found"},
        {"HTTP/1.1 500 ", version::http11, 500, ""},
        {"HTTP/1.1 204", version::http11, 204, ""},
        {"HTTP/1.2 999 \xc3\xa9 x", version::http11, 999, "\xc3\xa9 x"},
        {"HTTP/1.1 100 Continue", version::http11, 100, "Continue"},
    };
    for (auto const& each : cases) {
        auto const bytes = with_fields("", each.line);
        field_list fields;
        auto const result = check_response(bytes, "GET", fields);
        ASSERT_TRUE(result) << each.line;
        EXPECT_EQ(result->version, each.version) << each.line;
        EXPECT_EQ(result->status, each.status) << each.line;
        EXPECT_EQ(result->reason, each.reason) << each.line;
        EXPECT_EQ(result->interim(), each.status == 100);
    }
}

TEST(response_head, refuses_a_malformed_status_line) {
    for (auto const line : {""sv,
                            "HTTP/1.1"sv,
                            "HTTP/1.1 "sv,
                            "HTTP/1.1 20"sv,
                            "HTTP/1.1 2000"sv,
                            "HTTP/1.1 200X"sv,
                            "HTTP/1.1 20X OK"sv,
                            "HTTP/1.1 099 Low"sv,
                            "HTTP/1.1  200 OK"sv,
                            "HTTP/1.1\t200 OK"sv,
                            "HTTP/1.1 OK"sv,
                            "HTTP/2.0 200 OK"sv,
                            "HTTP/2 200 OK"sv,
                            "http/1.1 200 OK"sv,
                            "ICY 200 OK"sv,
                            "HTTP/1.x 200 OK"sv,
                            "HTTP/1.10 200 OK"sv,
                            "HTTP/1.1 -20 OK"sv,
                            "HTTP/1.1 200 O\x01K"sv,
                            "HTTP/1.1 200 O\0K"sv,
                            "HTTP/1.1 200 O\rK"sv,
                            "HTTP/1.1 200\tOK"sv,
                            " HTTP/1.1 200 OK"sv}) {
        EXPECT_EQ(fault_of(with_fields("A: b\r\n", line)), "status_line") << line;
    }
}

TEST(response_head, refuses_a_head_that_is_cut_anywhere) {
    auto const head = with_fields("Content-Type: a/b\r\nContent-Length: 5\r\n");
    for (std::size_t size = 0; size < head.size(); ++size) {
        EXPECT_NE(fault_of(std::string{head, 0, size}), "") << size;
    }
    EXPECT_EQ(fault_of(head), "");
}

TEST(response_head, finds_the_framing) {
    struct {
        std::string_view line, fields, method;
        http::framing framing;
        std::uint64_t length;
    } const cases[] = {
        {"HTTP/1.1 200 OK", "Content-Length: 5\r\n", "GET", framing::length, 5},
        {"HTTP/1.1 200 OK", "Content-Length: 0\r\n", "GET", framing::length, 0},
        {"HTTP/1.1 200 OK", "Content-Length: 5\r\ncontent-length: 05\r\n", "GET", framing::length,
         5},
        {"HTTP/1.1 200 OK", "Content-Length: 5, 5\r\n", "GET", framing::length, 5},
        {"HTTP/1.1 200 OK", "transfer-encoding: Chunked\r\n", "POST", framing::chunked, 0},
        {"HTTP/1.1 200 OK", "", "GET", framing::until_close, 0},
        {"HTTP/1.0 200 OK", "", "GET", framing::until_close, 0},
        {"HTTP/1.1 204 No Content", "", "GET", framing::none, 0},
        {"HTTP/1.1 204 No Content", "Content-Length: 5\r\n", "GET", framing::none, 0},
        {"HTTP/1.1 304 Not Modified", "Content-Length: 5\r\n", "GET", framing::none, 0},
        {"HTTP/1.1 100 Continue", "Transfer-Encoding: chunked\r\n", "POST", framing::none, 0},
        {"HTTP/1.1 200 OK", "Content-Length: 5\r\n", "HEAD", framing::none, 0},
        {"HTTP/1.1 200 OK", "Content-Length: x\r\n", "HEAD", framing::none, 0},
        {"HTTP/1.1 200 OK", "Transfer-Encoding: y\r\n", "HEAD", framing::none, 0},
        {"HTTP/1.1 204 No Content", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "GET",
         framing::none, 0},
        {"HTTP/1.1 200 OK", "Content-Length: 5\r\n", "head", framing::length, 5},
    };
    for (auto const& each : cases) {
        auto const bytes = with_fields(each.fields, each.line);
        field_list fields;
        auto const result = check_response(bytes, each.method, fields);
        ASSERT_TRUE(result) << each.line << each.fields;
        EXPECT_EQ(result->framing, each.framing) << each.line << each.fields << each.method;
        EXPECT_EQ(result->length, each.length) << each.line << each.fields << each.method;
    }
}

TEST(response_head, refuses_two_framings_of_a_body_that_is_only_described) {
    constexpr std::string_view both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
    field_list fields;
    auto const head = check_response(with_fields(both), "HEAD", fields);
    ASSERT_FALSE(head);
    EXPECT_EQ(head.error().rule, "both_framings");
    auto const unchanged =
        check_response(with_fields(both, "HTTP/1.1 304 Not Modified"), "GET", fields);
    ASSERT_FALSE(unchanged);
    EXPECT_EQ(unchanged.error().rule, "both_framings");
}

TEST(response_head, refuses_a_framing_that_two_could_read_differently) {
    struct {
        std::string_view fields, rule;
    } const cases[] = {
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "both_framings"},
        {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "both_framings"},
        {"Content-Length: 5\r\nContent-Length: 6\r\n", "content_lengths_differ"},
        {"Content-Length: 5, 6\r\n", "content_lengths_differ"},
        {"Content-Length: 5,\r\n", "content_length"},
        {"Content-Length: \r\n", "content_length"},
        {"Content-Length: -1\r\n", "content_length"},
        {"Content-Length: 0x5\r\n", "content_length"},
        {"Content-Length: 9223372036854775808\r\n", "content_length"},
        {"Transfer-Encoding: gzip\r\n", "transfer_encoding"},
        {"Transfer-Encoding: gzip, chunked\r\n", "transfer_encoding"},
        {"Transfer-Encoding: chunked, gzip\r\n", "transfer_encoding"},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "transfer_encoding"},
        {"Transfer-Encoding: \r\n", "transfer_encoding"},
        {"A : b\r\n", "space_before_colon"},
        {" folded: b\r\n", "folded_line"},
        {"A: b\nB: c\r\n", "bare_lf"},
    };
    for (auto const& each : cases) {
        EXPECT_EQ(fault_of(with_fields(each.fields)), each.rule) << each.fields;
    }
    EXPECT_EQ(fault_of(with_fields("Transfer-Encoding: chunked\r\n", "HTTP/1.0 200 OK")),
              "transfer_encoding");
}

TEST(response_head, tells_whether_the_host_keeps_the_connection) {
    struct {
        std::string_view line, fields;
        bool keep_alive;
        int timeout;
    } const cases[] = {
        {"HTTP/1.1 200 OK", "Content-Length: 0\r\n", true, -1},
        {"HTTP/1.1 200 OK", "Content-Length: 0\r\nConnection: close\r\n", false, -1},
        {"HTTP/1.1 200 OK", "", false, -1},
        {"HTTP/1.0 200 OK", "Content-Length: 0\r\n", false, -1},
        {"HTTP/1.0 200 OK", "Content-Length: 0\r\nConnection: keep-alive\r\n", true, -1},
        {"HTTP/1.1 304 Not Modified", "", true, -1},
        {"HTTP/1.1 204 No", "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", true, 5},
        {"HTTP/1.1 204 No", "Keep-Alive: max=100, TIMEOUT = 7 \r\n", true, 7},
        {"HTTP/1.1 204 No", "Keep-Alive: timeout=x\r\n", true, -1},
        {"HTTP/1.1 204 No", "Keep-Alive: timeout=-1\r\n", true, -1},
        {"HTTP/1.1 204 No", "Keep-Alive: timeout=9223372036854775807\r\n", true, 86400},
        {"HTTP/1.1 204 No", "Keep-Alive: timeout=0\r\n", true, 0},
    };
    for (auto const& each : cases) {
        auto const bytes = with_fields(each.fields, each.line);
        field_list fields;
        auto const result = check_response(bytes, "GET", fields);
        ASSERT_TRUE(result) << each.fields;
        EXPECT_EQ(result->keep_alive, each.keep_alive) << each.line << each.fields;
        EXPECT_EQ(result->keep_alive_timeout, each.timeout) << each.fields;
    }
}

TEST(response_head, shows_the_content_type_without_parameters_and_the_encoding) {
    struct {
        std::string_view fields, type, encoding;
    } const cases[] = {
        {"", "", ""},
        {"Content-Type: text/event-stream\r\n", "text/event-stream", ""},
        {"content-type: Application/JSON ; charset=utf-8\r\n", "Application/JSON", ""},
        {"Content-Type: ;x\r\nContent-Encoding: gzip\r\n", "", "gzip"},
        {"Content-Encoding: Identity\r\n", "", ""},
        {"Content-Encoding: br\r\nContent-Encoding: identity\r\n", "", "br"},
    };
    for (auto const& each : cases) {
        auto const bytes = with_fields(each.fields);
        field_list fields;
        auto const result = check_response(bytes, "GET", fields);
        ASSERT_TRUE(result) << each.fields;
        EXPECT_EQ(result->content_type, each.type);
        EXPECT_EQ(result->content_encoding, each.encoding);
    }
}

} // namespace
} // namespace secondwind::http
