#include "lab/report_text.hpp"

#include <gtest/gtest.h>

namespace secondwind::lab {
namespace {

TEST(report_text, groups_digits) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(49'152), "49,152");
    EXPECT_EQ(grouped(10'000'000), "10,000,000");
    EXPECT_EQ(grouped(-123), "-123");
    EXPECT_EQ(grouped(-1234), "-1,234");
}

TEST(report_text, chooses_a_unit_of_size_after_rounding) {
    EXPECT_EQ(bytes_text(274'000'000), "274 MB");
    EXPECT_EQ(bytes_text(999'600'000), "1.00 GB");
    EXPECT_EQ(bytes_text(5'030'000'000), "5.03 GB");
    EXPECT_EQ(bytes_text(999'996'000'000), "1.00 TB");
    EXPECT_EQ(bytes_text(0), "0 MB");
    EXPECT_EQ(gigabytes_text(12'400'000'000), "12.4 GB");
}

TEST(report_text, counts_days_of_age) {
    using std::chrono::hours;
    registry::time_point const now{hours{24'000}};
    EXPECT_EQ(age_text(now, now), "today");
    EXPECT_EQ(age_text(now - hours{23}, now), "today");
    EXPECT_EQ(age_text(now - hours{24}, now), "1 day ago");
    EXPECT_EQ(age_text(now - hours{24 * 40 + 5}, now), "40 days ago");
    EXPECT_EQ(age_text(now + hours{48}, now), "today");
}

TEST(report_text, shows_durations_and_rougher_estimates) {
    EXPECT_EQ(duration_text(4.21), "4.2 s");
    EXPECT_EQ(duration_text(59.96), "1 min");
    EXPECT_EQ(duration_text(185), "3 min");
    EXPECT_EQ(duration_text(3599), "1 h");
    EXPECT_EQ(duration_text(7500), "2 h 5 min");
    EXPECT_EQ(duration_text(-1), "0.0 s");
    EXPECT_EQ(estimate_text(20), "less than a minute");
    EXPECT_EQ(estimate_text(400), "about 7 min");
    EXPECT_EQ(estimate_text(60 * 38), "about 40 min");
    EXPECT_EQ(estimate_text(60 * 131), "about 2 h 10 min");
}

TEST(report_text, reads_counts_as_people_write_them) {
    EXPECT_EQ(parse_tokens("32k"), 32'768);
    EXPECT_EQ(parse_tokens("1K"), 1024);
    EXPECT_EQ(parse_tokens("32768"), 32'768);
    EXPECT_EQ(parse_tokens("32,768"), 32'768);
    EXPECT_EQ(parse_tokens("1,048,576"), 1'048'576);
    EXPECT_EQ(parse_tokens("0"), 0);
    for (auto const* text :
         {"", "k", "-1", "+1", "1.5k", "32,76", "3276,8", ",768", "1,0480", "1,,000", "32 768",
          "32kk", "0x10", "9223372036854775808", "9223372036854775807k", "32,768,"})
        EXPECT_EQ(parse_tokens(text), std::nullopt) << text;
    EXPECT_EQ(parse_tokens("9223372036854775807"), INT64_MAX);
}

} // namespace
} // namespace secondwind::lab
