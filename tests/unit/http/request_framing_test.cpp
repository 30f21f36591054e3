#include "checked_request.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace secondwind::http {
namespace {

using namespace std::string_view_literals;
using namespace tests;

TEST(request_framing, reads_a_content_length) {
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

TEST(request_framing, knows_one_transfer_coding) {
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

TEST(request_framing, refuses_both_framings_in_any_order) {
    EXPECT_EQ(check(with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")).rule,
              "both_framings");
    EXPECT_EQ(check(with_fields("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")).rule,
              "both_framings");
    EXPECT_EQ(check(with_fields("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n")).rule,
              "both_framings");
}

TEST(request_framing, takes_a_lookalike_for_an_ordinary_field) {
    auto const found = check(with_fields("Transfer_Encoding: chunked\r\nContent-Lengt: x\r\n"
                                         "XContent-Length: 3\r\n"));
    EXPECT_EQ(found.status, 0);
    EXPECT_EQ(found.head.framing, framing::none);
}

TEST(request_framing, expects_100_only_with_a_body_on_1_1) {
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

} // namespace
} // namespace secondwind::http
