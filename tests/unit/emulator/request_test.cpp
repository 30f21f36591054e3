#include <secondwind/emulator/request.hpp>

#include <gmock/gmock.h>

using namespace secondwind::emulator;
using testing::ElementsAre;
using testing::Pair;

TEST(emulator_request, keeps_the_fields_in_their_order_and_case) {
    auto const r =
        parse_head("POST /x?y HTTP/1.1\r\nHost: h\r\nX-B: 1\r\nx-a:\t 2 \r\nX-B: 3\r\n\r\n");
    EXPECT_EQ(r.method, "POST");
    EXPECT_EQ(r.target, "/x?y");
    EXPECT_EQ(r.version, "HTTP/1.1");
    EXPECT_THAT(r.fields, ElementsAre(Pair("Host", "h"), Pair("X-B", "1"), Pair("x-a", "2"),
                                      Pair("X-B", "3")));
}

TEST(emulator_request, finds_the_first_field_of_a_name_in_any_case) {
    auto const r = parse_head("GET / HTTP/1.0\r\nX-B: 1\r\nx-b: 2\r\nEmpty:\r\n\r\n");
    EXPECT_EQ(r.field("x-B"), "1");
    EXPECT_EQ(r.field("empty"), "");
    EXPECT_FALSE(r.field("absent"));
}

TEST(emulator_request, survives_a_line_that_is_none) {
    EXPECT_EQ(parse_head("nonsense\r\n\r\n").method, "nonsense");
    EXPECT_EQ(parse_head("nonsense\r\n\r\n").target, "");
    EXPECT_TRUE(parse_head("").fields.empty());
}
