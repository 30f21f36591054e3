#include "checked_request.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace secondwind::http {
namespace {

using namespace std::string_view_literals;
using namespace tests;

TEST(request_line, passes_any_token_as_a_method_with_its_case) {
    for (auto const method : {"GET", "get", "PROPFIND", "M-SEARCH", "a!#$%&'*+.^_`|~"}) {
        auto const found = check(with_line(std::string{method} + " / HTTP/1.1"));
        EXPECT_EQ(found.status, 0) << method;
        EXPECT_EQ(found.method, method);
    }
}

TEST(request_line, passes_a_target_byte_for_byte) {
    for (auto const target :
         {"/", "//", "/..", "/a/../b", "/%2F%2f", "/%0d%0a", "/%00", "/%zz%", "/a?b=c&d=/?e",
          "/v1/models/qwen%2Fqwen3", "/a;b=c,d", "/a:b@c", "/[x]|{y}^\"<>\\`", "/\xc3\xa9"}) {
        auto const found = check(with_line("GET " + std::string{target} + " HTTP/1.1"));
        EXPECT_EQ(found.status, 0) << target;
        EXPECT_EQ(found.target, target);
        EXPECT_EQ(found.authority, "");
    }
}

TEST(request_line, refuses_what_is_no_request_line) {
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

TEST(request_line, tells_a_version_that_it_does_not_speak) {
    for (auto const version : {"HTTP/2.0", "HTTP/0.9", "HTTP/3.1"}) {
        EXPECT_EQ(check(with_line("GET / " + std::string{version})).status, 505) << version;
    }
    EXPECT_EQ(check("PRI * HTTP/2.0\r\n\r\n").status, 505);
}

TEST(request_line, serves_a_later_minor_version_as_1_1) {
    EXPECT_EQ(check(with_line("GET / HTTP/1.0")).head.version, version::http10);
    EXPECT_EQ(check(with_line("GET / HTTP/1.1")).head.version, version::http11);
    EXPECT_EQ(check(with_line("GET / HTTP/1.2")).head.version, version::http11);
    EXPECT_EQ(check("GET / HTTP/1.2\r\n\r\n").rule, "host_missing");
}

TEST(request_line, takes_an_absolute_target_apart) {
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

TEST(request_line, refuses_a_bad_absolute_target) {
    for (auto const target :
         {"http://", "http:///p", "http://u@h/", "http://h:x/", "http://h:/", "http://[::1/",
          "ftp://h/", "http:/h", "http://h?q", "http//h", "http://h:80:80/", "http://?q"}) {
        EXPECT_EQ(check(with_line("GET " + std::string{target} + " HTTP/1.1")).status, 400)
            << target;
    }
    EXPECT_EQ(check("GET http://h/ HTTP/1.1\r\n\r\n").rule, "host_missing");
}

TEST(request_line, leaves_the_query_out_of_the_path) {
    auto const bytes = with_line("GET /v1/models?key=secret?x HTTP/1.1");
    field_list fields;
    auto const result = check_request(bytes, {}, fields);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->path(), "/v1/models");
}

} // namespace
} // namespace secondwind::http
