#include <secondwind/http/request_check.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace secondwind::http {
namespace {

using namespace std::string_view_literals;

// A verdict on a head that outlives its bytes: the status of the refusal, or 0 and what was read.
struct verdict {
    int status = 0;
    std::string rule;
    std::string method, target, authority;
    request_head head;
};

verdict check(std::string const& bytes, head_limits const& limits = {}) {
    field_list fields;
    auto const result = check_request(bytes, limits, fields);
    if (!result) {
        EXPECT_FALSE(result.error().message.empty());
        return {result.error().status, std::string{result.error().rule}, {}, {}, {}, {}};
    }
    verdict found;
    found.method = result->method;
    found.target = result->target;
    found.authority = result->authority;
    found.head = *result;
    return found;
}

std::string with_line(std::string_view line) {
    return std::string{line} + "\r\nHost: a\r\n\r\n";
}

std::string with_fields(std::string_view fields, std::string_view method = "POST") {
    return std::string{method} + " /x HTTP/1.1\r\nHost: a\r\n" + std::string{fields} + "\r\n";
}

TEST(request_check, passes_any_token_as_a_method_with_its_case) {
    for (auto const method : {"GET", "get", "PROPFIND", "M-SEARCH", "a!#$%&'*+.^_`|~"}) {
        auto const found = check(with_line(std::string{method} + " / HTTP/1.1"));
        EXPECT_EQ(found.status, 0) << method;
        EXPECT_EQ(found.method, method);
    }
}

TEST(request_check, passes_a_target_byte_for_byte) {
    for (auto const target :
         {"/", "//", "/..", "/a/../b", "/%2F%2f", "/%0d%0a", "/%00", "/%zz%", "/a?b=c&d=/?e",
          "/v1/models/qwen%2Fqwen3", "/a;b=c,d", "/a:b@c", "/[x]|{y}^\"<>\\`", "/\xc3\xa9"}) {
        auto const found = check(with_line("GET " + std::string{target} + " HTTP/1.1"));
        EXPECT_EQ(found.status, 0) << target;
        EXPECT_EQ(found.target, target);
        EXPECT_EQ(found.authority, "");
    }
}

TEST(request_check, refuses_what_is_no_request_line) {
    for (auto const line : {""sv,
                            "GET"sv,
                            "GET "sv,
                            "GET /"sv,
                            "GET / "sv,
                            " GET / HTTP/1.1"sv,
                            "GET  / HTTP/1.1"sv,
                            "GET /  HTTP/1.1"sv,
                            "GET\t/ HTTP/1.1"sv,
                            "GET /\tHTTP/1.1"sv,
                            "GET / HTTP/1.1 "sv,
                            "GET / HTTP/1.1\t"sv,
                            "GET / HTTP/1.1 x"sv,
                            "GET /a b HTTP/1.1"sv,
                            "GET /a\x01 HTTP/1.1"sv,
                            "GET /a\x7f HTTP/1.1"sv,
                            "GET /a\0b HTTP/1.1"sv,
                            "GET /a\rb HTTP/1.1"sv,
                            "GET /#f HTTP/1.1"sv,
                            "G(T / HTTP/1.1"sv,
                            "G\xc3T / HTTP/1.1"sv,
                            "GET a HTTP/1.1"sv,
                            "GET ?a HTTP/1.1"sv,
                            "GET * HTTP/1.1"sv,
                            "GET a:80 HTTP/1.1"sv,
                            "GET / http/1.1"sv,
                            "GET / HTTP/11"sv,
                            "GET / HTTP/1.10"sv,
                            "GET / HTTP/01.1"sv,
                            "GET / HTTP/1,1"sv,
                            "GET / HTTP/1."sv,
                            "GET / HTTP"sv,
                            "GET / HTTPS/1.1"sv,
                            "GET / HTTP/1.x"sv,
                            "GET / HTTP /1.1"sv,
                            "GET / HTTP/1.1\r"sv,
                            "GET / HTTP/1.1\n"sv,
                            "GET /\r"sv,
                            "CONNECT a:80 HTTP/1.1"sv,
                            "CONNECT / HTTP/1.1"sv}) {
        EXPECT_EQ(check(with_line(line)).status, 400) << line;
    }
}

TEST(request_check, tells_a_version_that_it_does_not_speak) {
    for (auto const version : {"HTTP/2.0", "HTTP/0.9", "HTTP/3.1"}) {
        EXPECT_EQ(check(with_line("GET / " + std::string{version})).status, 505) << version;
    }
    EXPECT_EQ(check("PRI * HTTP/2.0\r\n\r\n").status, 505);
}

TEST(request_check, serves_a_later_minor_version_as_1_1) {
    EXPECT_EQ(check(with_line("GET / HTTP/1.0")).head.version, version::http10);
    EXPECT_EQ(check(with_line("GET / HTTP/1.1")).head.version, version::http11);
    EXPECT_EQ(check(with_line("GET / HTTP/1.2")).head.version, version::http11);
    EXPECT_EQ(check("GET / HTTP/1.2\r\n\r\n").rule, "host_missing");
}

TEST(request_check, takes_an_absolute_target_apart) {
    struct {
        std::string_view line, target, authority;
    } const cases[] = {
        {"GET http://h/p?q HTTP/1.1", "/p?q", "h"},
        {"GET HTTP://h:80/ HTTP/1.1", "/", "h:80"},
        {"GET https://h.example//x HTTP/1.1", "//x", "h.example"},
        {"GET http://[::1]:1/p HTTP/1.1", "/p", "[::1]:1"},
        {"GET http://h HTTP/1.1", "/", "h"},
        {"OPTIONS http://h:1 HTTP/1.1", "*", "h:1"},
        {"OPTIONS http://h/ HTTP/1.1", "/", "h"},
        {"OPTIONS * HTTP/1.1", "*", ""},
        {"OPTIONS / HTTP/1.1", "/", ""},
    };
    for (auto const& each : cases) {
        auto const found = check(with_line(each.line));
        EXPECT_EQ(found.status, 0) << each.line;
        EXPECT_EQ(found.target, each.target) << each.line;
        EXPECT_EQ(found.authority, each.authority) << each.line;
    }
}

TEST(request_check, refuses_a_bad_absolute_target) {
    for (auto const target :
         {"http://", "http:///p", "http://u@h/", "http://h:x/", "http://h:/", "http://[::1/",
          "ftp://h/", "http:/h", "http://h?q", "http//h", "http://h:80:80/", "http://?q"}) {
        EXPECT_EQ(check(with_line("GET " + std::string{target} + " HTTP/1.1")).status, 400)
            << target;
    }
    EXPECT_EQ(check("GET http://h/ HTTP/1.1\r\n\r\n").rule, "host_missing");
}

TEST(request_check, keeps_the_limits) {
    head_limits limits;
    limits.target = 4;
    EXPECT_EQ(check(with_line("GET /abc HTTP/1.1"), limits).status, 0);
    EXPECT_EQ(check(with_line("GET /abcd HTTP/1.1"), limits).status, 414);
    limits = {};
    limits.fields = 2;
    EXPECT_EQ(check(with_fields("A: 1\r\n"), limits).status, 0);
    EXPECT_EQ(check(with_fields("A: 1\r\nB: 2\r\n"), limits).status, 431);
    auto const head = with_fields("");
    limits = {};
    limits.head = head.size();
    EXPECT_EQ(check(head, limits).status, 0);
    limits.head = head.size() - 1;
    EXPECT_EQ(check(head, limits).status, 431);
}

TEST(request_check, keeps_fields_in_order_with_their_case_and_trims_their_values) {
    field_list fields;
    auto const bytes = with_fields("aCCept: x\r\nX_y:\r\ncookie:\t a=b; c \t\r\nCookie: \xff\tz\r\n"
                                   "Empty:  \t \r\n");
    auto const result = check_request(bytes, {}, fields);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->fields.size(), 6U);
    std::pair<std::string_view, std::string_view> const expected[] = {
        {"Host", "a"},        {"aCCept", "x"},       {"X_y", ""},
        {"cookie", "a=b; c"}, {"Cookie", "\xff\tz"}, {"Empty", ""}};
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(result->fields[i].name, expected[i].first);
        EXPECT_EQ(result->fields[i].value, expected[i].second);
    }
}

TEST(request_check, refuses_malformed_field_lines) {
    struct {
        std::string_view line, rule;
    } const cases[] = {
        {"A : b\r\n", "space_before_colon"},
        {"A\t: b\r\n", "space_before_colon"},
        {": b\r\n", "field_name"},
        {"A\r\n", "field_name"},
        {"A b\r\n", "space_before_colon"},
        {"A\x01: b\r\n", "field_name"},
        {"A(: b\r\n", "field_name"},
        {"A\x80: b\r\n", "field_name"},
        {"A: b\r\n c\r\n", "folded_line"},
        {"A: b\r\n\tc\r\n", "folded_line"},
        {"A: b\x01\r\n", "control_character"},
        {"A: b\x7f\r\n", "control_character"},
        {"A: b\0c\r\n"sv, "control_character"},
        {"A: b\rc\r\n", "bare_cr"},
        {"A: b\nC: d\r\n", "bare_lf"},
        {"A: b\r\r\n", "bare_cr"},
        {"\r\nGET / HTTP/1.1\r\n", "head_end"},
    };
    for (auto const& each : cases) {
        auto const found = check(with_fields(each.line));
        EXPECT_EQ(found.status, 400) << each.line;
        EXPECT_EQ(found.rule, each.rule) << each.line;
    }
    EXPECT_EQ(check("GET / HTTP/1.1\r\n Host: a\r\n\r\n").rule, "folded_line");
}

TEST(request_check, refuses_a_head_that_is_cut_anywhere) {
    auto const head = with_fields("A: b\r\nContent-Length: 5\r\n");
    for (std::size_t size = 0; size < head.size(); ++size) {
        // An exact copy, so that a sanitizer sees any look beyond it.
        std::string const cut{head, 0, size};
        EXPECT_EQ(check(cut).status, 400) << size;
    }
    EXPECT_EQ(check(head).status, 0);
}

TEST(request_check, takes_only_a_host_with_an_optional_port) {
    for (auto const host : {"a", "a.b:1234", "127.0.0.1", "[::1]", "[fe80::1]:80", "a_b-c~d", "a:0",
                            "a:65535", "%41", "LOCALHOST:1235", "xn--bcher-kva", "a."}) {
        EXPECT_EQ(check("GET / HTTP/1.1\r\nHost: " + std::string{host} + "\r\n\r\n").status, 0)
            << host;
    }
    for (auto const host : {"",         "a b",      "a/b",  "u@a",     "a?b",         "a#b",
                            "http://a", "a:",       "a:x",  "a:65536", "a:123456",    "a:-1",
                            "a:80:80",  "[::1",     "::1",  "[]",      "[g::1]",      "[::1]x",
                            "[::1]:",   "a]",       ":80",  "a,b",     "%4",          "%zz",
                            "a\tb",     "\xc3\xa9", "a\\b", "a\"b",    "[127.0.0.1]", "[1:2]"}) {
        auto const found = check("GET / HTTP/1.1\r\nHost: " + std::string{host} + "\r\n\r\n");
        EXPECT_EQ(found.status, 400) << host;
        EXPECT_EQ(found.rule, "host") << host;
    }
}

TEST(request_check, wants_exactly_one_host) {
    EXPECT_EQ(check("GET / HTTP/1.1\r\n\r\n").rule, "host_missing");
    EXPECT_EQ(check("GET / HTTP/1.0\r\n\r\n").status, 0);
    EXPECT_EQ(check(with_fields("Host: a\r\n")).rule, "host_repeated");
    EXPECT_EQ(check(with_fields("hOST: b\r\n")).rule, "host_repeated");
    EXPECT_EQ(check("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n").rule, "host_repeated");
}

TEST(request_check, reads_a_content_length) {
    struct {
        std::string_view value;
        std::uint64_t length;
    } const good[] = {{"0", 0},
                      {"5", 5},
                      {"005", 5},
                      {" 7 ", 7},
                      {"9223372036854775807", 9223372036854775807ULL}};
    for (auto const& each : good) {
        auto const found =
            check(with_fields("content-length: " + std::string{each.value} + "\r\n"));
        EXPECT_EQ(found.status, 0) << each.value;
        EXPECT_EQ(found.head.framing, framing::length);
        EXPECT_EQ(found.head.length, each.length);
    }
    for (auto const value : {"",
                             "+5",
                             "-5",
                             "0x5",
                             "5 5",
                             "5,",
                             ",5",
                             "5,5",
                             "5, 5",
                             "5,6",
                             "\"5\"",
                             "5.0",
                             "5e1",
                             "\xd9\xa5",
                             "9223372036854775808",
                             "18446744073709551616",
                             "99999999999999999999999",
                             "a",
                             "5;",
                             "1_0"}) {
        auto const found = check(with_fields("Content-Length: " + std::string{value} + "\r\n"));
        EXPECT_EQ(found.status, 400) << value;
        EXPECT_EQ(found.rule, "content_length") << value;
    }
    EXPECT_EQ(check(with_fields("Content-Length: 5\r\nContent-Length: 5\r\n")).rule,
              "content_length_repeated");
    EXPECT_EQ(check(with_fields("Content-Length: 5\r\nContent-length: 6\r\n")).status, 400);
}

TEST(request_check, knows_one_transfer_coding) {
    for (auto const value : {"chunked", "CHUNKED", "Chunked", " chunked\t"}) {
        auto const found = check(with_fields("Transfer-Encoding: " + std::string{value} + "\r\n"));
        EXPECT_EQ(found.status, 0) << value;
        EXPECT_EQ(found.head.framing, framing::chunked) << value;
    }
    for (auto const value : {"gzip", "identity", "xchunked", "chunkedx", "deflate"}) {
        EXPECT_EQ(check(with_fields("Transfer-Encoding: " + std::string{value} + "\r\n")).status,
                  501)
            << value;
    }
    for (auto const value :
         {"", "chunked, chunked", "gzip, chunked", "chunked, identity", "chunked,", ",chunked",
          "chunked;q=1", "chunked;", "\"chunked\"", "chunked chunked", "chun ked", "gzip;q=0.5"}) {
        EXPECT_EQ(check(with_fields("Transfer-Encoding: " + std::string{value} + "\r\n")).status,
                  400)
            << value;
    }
    EXPECT_EQ(
        check(with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")).status,
        400);
    EXPECT_EQ(
        check(with_fields("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")).status,
        400);
    EXPECT_EQ(check("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").status, 400);
    EXPECT_EQ(check("POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n").status, 400);
}

TEST(request_check, refuses_both_framings_in_any_order) {
    EXPECT_EQ(check(with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")).rule,
              "both_framings");
    EXPECT_EQ(check(with_fields("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")).rule,
              "both_framings");
    EXPECT_EQ(check(with_fields("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n")).rule,
              "both_framings");
}

TEST(request_check, takes_a_lookalike_for_an_ordinary_field) {
    auto const found = check(with_fields("Transfer_Encoding: chunked\r\nContent-Lengt: x\r\n"
                                         "XContent-Length: 3\r\n"));
    EXPECT_EQ(found.status, 0);
    EXPECT_EQ(found.head.framing, framing::none);
}

TEST(request_check, tells_whether_the_connection_goes_on) {
    struct {
        std::string_view version, fields;
        bool keep_alive;
    } const cases[] = {
        {"1.1", "", true},
        {"1.1", "Connection: close\r\n", false},
        {"1.1", "Connection: keep-alive, CLOSE\r\n", false},
        {"1.1", "Connection: ,, x ,\r\nConnection: Close\r\n", false},
        {"1.1", "Connection: keep-alive\r\n", true},
        {"1.1", "Connection: closed\r\n", true},
        {"1.1", "Connection:\r\n", true},
        {"1.0", "", false},
        {"1.0", "Connection: Keep-Alive\r\n", true},
        {"1.0", "Connection: keep-alive\r\nConnection: close\r\n", false},
    };
    for (auto const& each : cases) {
        auto const found = check("GET / HTTP/" + std::string{each.version} + "\r\nHost: a\r\n" +
                                 std::string{each.fields} + "\r\n");
        EXPECT_EQ(found.status, 0) << each.fields;
        EXPECT_EQ(found.head.keep_alive, each.keep_alive) << each.version << each.fields;
    }
}

TEST(request_check, expects_100_only_with_a_body_on_1_1) {
    EXPECT_TRUE(
        check(with_fields("Expect: 100-Continue\r\nContent-Length: 1\r\n")).head.expect_continue);
    EXPECT_TRUE(check(with_fields("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"))
                    .head.expect_continue);
    EXPECT_FALSE(
        check(with_fields("Expect: 100-continue\r\nContent-Length: 0\r\n")).head.expect_continue);
    EXPECT_FALSE(check(with_fields("Expect: 100-continue\r\n")).head.expect_continue);
    auto const old = check("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    EXPECT_EQ(old.status, 0);
    EXPECT_FALSE(old.head.expect_continue);
    EXPECT_EQ(check(with_fields("Expect: 200-ok\r\n")).status, 417);
    EXPECT_EQ(check(with_fields("Expect:\r\n")).status, 417);
}

TEST(request_check, knows_a_websocket_upgrade_from_any_other) {
    struct {
        std::string_view method, fields;
        http::upgrade upgrade;
    } const cases[] = {
        {"GET", "", upgrade::none},
        {"GET", "Connection: upgrade\r\n", upgrade::none},
        {"GET", "Connection: Upgrade\r\nUpgrade: websocket\r\n", upgrade::websocket},
        {"GET", "Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n", upgrade::websocket},
        {"GET", "Upgrade: websocket\r\n", upgrade::other},
        {"POST", "Connection: Upgrade\r\nUpgrade: websocket\r\n", upgrade::other},
        {"GET", "Connection: Upgrade\r\nUpgrade: h2c\r\n", upgrade::other},
        {"GET", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n", upgrade::other},
        {"GET", "Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n", upgrade::other},
    };
    for (auto const& each : cases) {
        auto const found = check(with_fields(each.fields, each.method));
        EXPECT_EQ(found.status, 0) << each.fields;
        EXPECT_EQ(found.head.upgrade, each.upgrade) << each.method << each.fields;
    }
    EXPECT_EQ(
        check("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").head.upgrade,
        upgrade::other);
}

TEST(request_check, forgets_the_fields_of_the_request_before) {
    field_list fields;
    auto const first = with_fields("A: 1\r\nB: 2\r\n");
    ASSERT_TRUE(check_request(first, {}, fields));
    auto const second = with_fields("");
    auto const result = check_request(second, {}, fields);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->fields.size(), 1U);
}

TEST(request_check, leaves_the_query_out_of_the_path) {
    auto const bytes = with_line("GET /v1/models?key=secret?x HTTP/1.1");
    field_list fields;
    auto const result = check_request(bytes, {}, fields);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->path(), "/v1/models");
}

} // namespace
} // namespace secondwind::http
