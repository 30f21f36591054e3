#include <secondwind/base/log_line.hpp>
#include <secondwind/base/rfc3339.hpp>

#include <gtest/gtest.h>

#include <string>

using namespace secondwind;

namespace {

std::string utc(std::string_view text) {
    auto const time = parse_rfc3339(text);
    return time ? std::string{log::timestamp(*time)} : "nothing";
}

} // namespace

TEST(rfc3339, reads_what_the_documents_show) {
    EXPECT_EQ(utc("2026-11-22T10:15:30.123Z"), "2026-11-22T10:15:30.123Z");
    EXPECT_EQ(utc("2026-11-22T10:15:30Z"), "2026-11-22T10:15:30.000Z");
    EXPECT_EQ(utc("2026-11-22t10:15:30.5z"), "2026-11-22T10:15:30.500Z");
}

TEST(rfc3339, takes_the_offset_off) {
    EXPECT_EQ(utc("2026-11-22T01:15:30+02:30"), "2026-11-21T22:45:30.000Z");
    EXPECT_EQ(utc("2026-12-31T23:00:00-01:30"), "2027-01-01T00:30:00.000Z");
}

TEST(rfc3339, reads_a_fraction_to_the_microsecond) {
    using namespace std::chrono;
    auto const base = parse_rfc3339("2026-11-22T10:15:30Z").value();
    EXPECT_EQ(parse_rfc3339("2026-11-22T10:15:30.000001Z").value() - base, microseconds{1});
    EXPECT_EQ(parse_rfc3339("2026-11-22T10:15:30.1234569999Z").value() - base,
              microseconds{123'456});
    EXPECT_EQ(parse_rfc3339("2026-11-22T10:15:30." + std::string(100, '9') + "Z").value() - base,
              microseconds{999'999});
}

TEST(rfc3339, knows_which_days_there_are) {
    EXPECT_EQ(utc("2028-02-29T00:00:00Z"), "2028-02-29T00:00:00.000Z");
    EXPECT_EQ(utc("2026-02-29T00:00:00Z"), "nothing");
    EXPECT_EQ(utc("2026-04-31T00:00:00Z"), "nothing");
    EXPECT_EQ(utc("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000Z");
}

TEST(rfc3339, refuses_any_other_form) {
    for (auto const* text : {"",
                             "now",
                             "2026-11-22",
                             "2026-11-22T10:15:30",
                             "2026-11-22 10:15:30Z",
                             "2026-11-22T10:15Z",
                             "2026-11-22T24:00:00Z",
                             "2026-11-22T10:60:00Z",
                             "2026-11-22T10:15:61Z",
                             "2026-13-01T00:00:00Z",
                             "2026-00-01T00:00:00Z",
                             "2026-11-00T00:00:00Z",
                             "226-11-22T10:15:30Z",
                             "2026-11-22T10:15:30.Z",
                             "2026-11-22T10:15:30ZZ",
                             "2026-11-22T10:15:30+0200",
                             "2026-11-22T10:15:30+24:00",
                             "-026-11-22T10:15:30Z",
                             "2026-11-22T+1:15:30Z",
                             " 2026-11-22T10:15:30Z",
                             "1792000000",
                             "9999-01-01T00:00:00Z"})
        EXPECT_FALSE(parse_rfc3339(text)) << text;
}
