#include "checked_request.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace secondwind::http {
namespace {

using namespace std::string_view_literals;
using namespace tests;

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

TEST(request_check, knows_the_octets_of_a_value_at_every_position) {
    field_list fields;
    for (std::size_t const size : {1U, 15U, 16U, 17U, 33U})
        for (std::size_t at = 0; at < size; ++at)
            for (int c = 0; c < 256; ++c) {
                std::string value(size, 'v');
                value[at] = static_cast<char>(c);
                bool const allowed = c == '\t' || (c >= 0x20 && c != 0x7f);
                auto const bytes = with_fields("X: " + value + "\r\nY: z\r\n");
                ASSERT_EQ(check_request(bytes, {}, fields).has_value(), allowed)
                    << size << " " << at << " " << c;
            }
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

TEST(request_check, judges_every_octet_of_a_value_wherever_it_stands) {
    for (unsigned c = 0; c < 256; ++c) {
        bool const good = c == '\t' || (c >= 0x20 && c != 0x7f);
        for (std::size_t at = 1; at < 19; ++at) {
            std::string value(20, at % 2 == 0 ? 'a' : '\xff');
            value[at] = static_cast<char>(c);
            EXPECT_EQ(check(with_fields("A: " + value + "\r\n")).status, good ? 0 : 400)
                << c << " at " << at;
            value[at / 2] = '\t';
            EXPECT_EQ(check(with_fields("A:" + value + "\r\n")).status, good ? 0 : 400)
                << c << " at " << at;
        }
    }
}

} // namespace
} // namespace secondwind::http
