#include <secondwind/http/head_scanner.hpp>

#include <support/splits.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace secondwind::http {
namespace head_scanner_test {

using state = decoder_state;
using side = head_scanner::side;

struct outcome {
    decoder_state state;
    std::size_t begin = 0;
    std::size_t end = 0;
    int code = 0;
    std::string_view rule;
};

outcome scan(tests::pieces const& pieces, head_limits const& limits, side of) {
    head_scanner scanner{limits, of};
    std::string buffer;
    auto result = state::need_more;
    for (auto const piece : pieces) {
        buffer += piece;
        result = scanner.scan(buffer);
        if (result != state::need_more) {
            break;
        }
    }
    if (result == state::bad) {
        EXPECT_FALSE(scanner.fault().message.empty());
        return {result, 0, 0, scanner.fault().status, scanner.fault().rule};
    }
    if (result == state::complete) {
        return {result, scanner.begin(), scanner.end(), 0, {}};
    }
    return {result, 0, 0, 0, {}};
}

// Expects one outcome at every split, and returns it.
outcome scan_everywhere(std::string_view input, head_limits const& limits = {},
                        side of = side::request) {
    auto const whole = scan({input}, limits, of);
    tests::for_each_split(input, [&](tests::pieces const& pieces) {
        auto const now = scan(pieces, limits, of);
        ASSERT_EQ(now.state, whole.state) << input << " after a first " << pieces.front();
        ASSERT_EQ(now.begin, whole.begin) << input;
        ASSERT_EQ(now.end, whole.end) << input;
        ASSERT_EQ(now.code, whole.code) << input;
        ASSERT_EQ(now.rule, whole.rule) << input;
    });
    return whole;
}

TEST(head_scanner, finds_the_end_of_a_head_and_leaves_the_body) {
    std::string_view const head = "POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
    auto const found = scan_everywhere(std::string{head} + "\r\n\r\n");
    EXPECT_EQ(found.state, state::complete);
    EXPECT_EQ(found.begin, 0U);
    EXPECT_EQ(found.end, head.size());
}

TEST(head_scanner, skips_one_empty_line_before_a_request) {
    auto const found = scan_everywhere("\r\nGET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(found.state, state::complete);
    EXPECT_EQ(found.begin, 2U);
    EXPECT_EQ(found.end, 20U);
}

TEST(head_scanner, refuses_a_second_empty_line_before_a_request) {
    auto const found = scan_everywhere("\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(found.state, state::bad);
    EXPECT_EQ(found.code, 400);
}

TEST(head_scanner, skips_nothing_before_an_answer) {
    auto const found = scan_everywhere("\r\nHTTP/1.1 200 OK\r\n\r\n", {}, side::answer);
    EXPECT_EQ(found.state, state::bad);
    EXPECT_EQ(found.code, 502);
}

TEST(head_scanner, refuses_bad_line_ends_at_every_split) {
    struct {
        std::string_view input, rule;
    } const cases[] = {
        {"GET / HTTP/1.1\nHost: a\n\n", "bare_lf"},
        {"GET / HTTP/1.1\r\nHost: a\n\r\n", "bare_lf"},
        {"GET / HTTP/1.1\r\nHost: a\r\n\n", "bare_lf"},
        {"GET / HTTP/1.1\rHost: a\r\r", "bare_cr"},
        {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", "bare_cr"},
        {"GET / HTTP/1.1\r\r\n\r\n", "bare_cr"},
        {"GET / HTTP/1.1\r\nHost: a\r\n\rX", "bare_cr"},
        {"GET / HTTP/1.1\r\nA: b\rc\nd: e\r\n\r\n", "bare_cr"},
    };
    for (auto const& each : cases) {
        auto const found = scan_everywhere(each.input);
        EXPECT_EQ(found.state, state::bad) << each.input;
        EXPECT_EQ(found.code, 400) << each.input;
        EXPECT_EQ(found.rule, each.rule) << each.input;
    }
}

TEST(head_scanner, refuses_what_is_no_http_by_its_first_byte) {
    using namespace std::string_view_literals;
    for (auto const input : {"\x16\x03\x01\x02\x00\x01\x00"sv, "\0"sv, " GET / HTTP/1.1"sv, "\n"sv,
                             "\rGET"sv, "\"a\""sv, "\x80"sv}) {
        auto const found = scan_everywhere(input);
        EXPECT_EQ(found.state, state::bad) << input;
        EXPECT_EQ(found.code, 400) << input;
    }
    EXPECT_EQ(scan_everywhere("GET / HTTP/1.1", {}, side::answer).state, state::bad);
}

TEST(head_scanner, tells_a_long_request_line_from_a_large_head) {
    head_limits limits;
    limits.head = 60;
    auto const line = scan_everywhere("GET /" + std::string(80, 'a'), limits);
    EXPECT_EQ(line.state, state::bad);
    EXPECT_EQ(line.code, 414);
    auto const fields = scan_everywhere("GET / HTTP/1.1\r\nA: " + std::string(80, 'a'), limits);
    EXPECT_EQ(fields.state, state::bad);
    EXPECT_EQ(fields.code, 431);
    EXPECT_EQ(fields.rule, "head_too_large");
}

TEST(head_scanner, takes_a_head_of_exactly_the_limit_and_no_more) {
    std::string const head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    head_limits limits;
    limits.head = head.size();
    EXPECT_EQ(scan_everywhere(head + "body", limits).state, state::complete);
    EXPECT_EQ(scan_everywhere("\r\n" + head, limits).state, state::complete);
    limits.head = head.size() - 1;
    EXPECT_EQ(scan_everywhere(head, limits).code, 431);
}

TEST(head_scanner, counts_the_field_lines) {
    head_limits limits;
    limits.fields = 2;
    EXPECT_EQ(scan_everywhere("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n", limits).state,
              state::complete);
    auto const found = scan_everywhere("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits);
    EXPECT_EQ(found.code, 431);
    EXPECT_EQ(found.rule, "too_many_fields");
}

TEST(head_scanner, blames_the_host_for_an_answer) {
    head_limits limits;
    limits.head = 20;
    EXPECT_EQ(scan_everywhere("HTTP/1.1 200 OK\r\nServer: long\r\n\r\n", limits, side::answer).code,
              502);
    EXPECT_EQ(scan_everywhere("HTTP/1.1 200 OK\n\n", {}, side::answer).code, 502);
    EXPECT_EQ(scan_everywhere("HTTP/1.1 200 OK\r\n\r\n{}", {}, side::answer).end, 19U);
}

TEST(head_scanner, has_started_only_after_a_byte_that_counts) {
    head_scanner scanner{{}};
    EXPECT_FALSE(scanner.started());
    EXPECT_EQ(scanner.scan("\r"), state::need_more);
    EXPECT_FALSE(scanner.started());
    EXPECT_EQ(scanner.scan("\r\n"), state::need_more);
    EXPECT_FALSE(scanner.started());
    EXPECT_EQ(scanner.scan("\r\nG"), state::need_more);
    EXPECT_TRUE(scanner.started());
}

} // namespace head_scanner_test
} // namespace secondwind::http
