#include <secondwind/http/sse_scanner.hpp>

#include <support/splits.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::http {
namespace {

using events = std::vector<std::string>; // each "type|data"

events scan(tests::pieces const& pieces, bool finish = false, std::size_t most = 1000) {
    sse_scanner scanner;
    events seen;
    auto const note = [&](sse_event const& event) {
        seen.push_back(event.type + "|" + event.data);
        return seen.size() < most;
    };
    for (auto const piece : pieces) {
        scanner.push(piece, note);
    }
    if (finish) {
        scanner.finish(note);
    }
    return seen;
}

events scan_everywhere(std::string_view input, bool finish = false, std::size_t most = 1000) {
    auto const whole = scan({input}, finish, most);
    tests::for_each_split(input, [&](tests::pieces const& pieces) {
        ASSERT_EQ(scan(pieces, finish, most), whole) << input;
    });
    return whole;
}

TEST(sse_scanner, reports_events_with_every_line_end) {
    EXPECT_EQ(scan_everywhere("event: a\ndata: 1\n\ndata: 2\n\n"), (events{"a|1", "|2"}));
    EXPECT_EQ(scan_everywhere("event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n"), (events{"a|1", "|2"}));
    EXPECT_EQ(scan_everywhere("event: a\rdata: 1\r\rdata: 2\r\r"), (events{"a|1", "|2"}));
    EXPECT_EQ(scan_everywhere("data: 1\r\n\ndata: 2\n\r\n"), (events{"|1", "|2"}));
}

TEST(sse_scanner, joins_the_data_lines_of_an_event) {
    EXPECT_EQ(scan_everywhere("data: a\ndata: b\ndata:\ndata\ndata:c\n\n"),
              (events{"|a\nb\n\n\nc"}));
}

TEST(sse_scanner, takes_one_space_from_the_front_of_a_value) {
    EXPECT_EQ(scan_everywhere("data:a\n\ndata:  b \n\nevent:x:y\ndata: c:d\n\n"),
              (events{"|a", "| b ", "x:y|c:d"}));
}

TEST(sse_scanner, skips_comments_and_fields_that_it_does_not_know) {
    EXPECT_EQ(scan_everywhere(": ping\n\n:\n\nid: 3\nretry: 5\n\n Data: x\nDATA: y\ndatas: z\n\n"
                              "data: 1\n: in between\nid\n\n"),
              (events{"|1"}));
}

TEST(sse_scanner, reports_an_event_without_data_only_if_it_has_a_type) {
    EXPECT_EQ(scan_everywhere("\n\n\nevent: ping\n\nevent:\n\ndata\n\n"), (events{"ping|", "|"}));
}

TEST(sse_scanner, keeps_the_last_type_and_forgets_it_after_the_event) {
    EXPECT_EQ(scan_everywhere("event: a\nevent: b\ndata: 1\n\ndata: 2\n\n"), (events{"b|1", "|2"}));
}

TEST(sse_scanner, skips_one_byte_order_mark_at_the_start) {
    EXPECT_EQ(scan_everywhere("\xef\xbb\xbf"
                              "data: a\n\n\xef\xbb\xbf"
                              "data: b\n\n"),
              (events{"|a"}));
    EXPECT_EQ(scan_everywhere("\n\xef\xbb\xbf"
                              "data: a\n\n"),
              (events{}));
}

TEST(sse_scanner, holds_an_unfinished_event_back_until_the_stream_ends) {
    EXPECT_EQ(scan_everywhere("data: 1\n\nevent: error\ndata: 2\n"), (events{"|1"}));
    EXPECT_EQ(scan_everywhere("data: 1\n\nevent: error\ndata: 2\n", true),
              (events{"|1", "error|2"}));
    EXPECT_EQ(scan_everywhere("event: error\r\ndata: 2", true), (events{"error|2"}));
    EXPECT_EQ(scan_everywhere("data: 2\n\n", true), (events{"|2"}));
    EXPECT_EQ(scan_everywhere("", true), (events{}));
}

TEST(sse_scanner, looks_at_nothing_behind_the_event_that_it_was_stopped_at) {
    EXPECT_EQ(scan_everywhere("data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4", true, 2),
              (events{"|1", "|2"}));
    EXPECT_EQ(scan_everywhere("data: 1", true, 1), (events{"|1"}));
}

TEST(sse_scanner, passes_every_other_byte_through) {
    using namespace std::string_view_literals;
    auto const seen = scan_everywhere("data: \0\x01\xff\xc3\xa9\t\n\n"sv);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0], "|\0\x01\xff\xc3\xa9\t"sv);
}

} // namespace
} // namespace secondwind::http
